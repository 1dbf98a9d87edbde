import { ChatMeter } from './chat-meter.ts';
import { chatProviderBody, readChatRequest } from './chat-request.ts';
import { type Endpoint, type Fields, isFields } from './endpoint.ts';

/** A stream's error as OpenAI sends it: without `[DONE]` behind it every client throws. */
export const openAiErrorFrame: Endpoint['errorFrame'] = (error) => `data: ${JSON.stringify(error.body)}\n\n`;

/** Counted usage as chat completions, completions and embeddings report it. */
export const chatUsage = (input: number, output: number): Fields => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

/** `POST /v1/chat/completions`. */
export const chatCompletions: Endpoint = {
  code: 'chat-completions',
  path: '/chat/completions',
  family: 'openai-chat',
  read: (body) => ({ ...readChatRequest(body), endpoint: chatCompletions }),
  providerBody: chatProviderBody,
  meter: (outputTokensMax) => new ChatMeter(outputTokensMax),
  isAnswer: ({ choices }) => Array.isArray(choices),
  inputOf: (body) => ({
    kind: 'chat',
    body: {
      ...body,
      schema: isFields(body['response_format']) ? body['response_format']['json_schema'] : undefined,
    },
  }),
  countedUsage: chatUsage,
  errorFrame: openAiErrorFrame,
};
