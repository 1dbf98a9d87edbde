export {
  type ChatFunction,
  type ChatMessage,
  type Counted,
  countFunctions,
  countMessages,
  type CountText,
} from './chat-tokens.ts';
export { estimateTokens } from './estimate.ts';
export { encodingOf, type ModelEncoding, type TokenizerFamily } from './model-encoding.ts';
export type { RankFile } from './ranks.ts';
export { type Encoding, encodings, TokenCounter } from './token-counter.ts';
export {
  CountingFailed,
  TextTooLong,
  TokenWorkers,
  type TokenWorkersOptions,
} from './token-workers.client.ts';
