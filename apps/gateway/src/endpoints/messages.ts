import { anthropicErrorOf } from '../openai/anthropic-error.ts';
import type { Endpoint } from './endpoint.ts';
import { MessagesMeter } from './messages-meter.ts';
import { inputOfMessages, readMessagesRequest } from './messages-request.ts';

/** `POST /v1/messages`, as Anthropic's clients ask. */
export const messages: Endpoint = {
  code: 'messages',
  path: '/messages',
  family: 'anthropic',
  read: (body) => ({ ...readMessagesRequest(body), endpoint: messages }),
  providerBody: ({ body }, { outputTokensMax }, model) =>
    JSON.stringify({
      ...body,
      model,
      ...(outputTokensMax === undefined ? {} : { max_tokens: outputTokensMax }),
    }),
  meter: (outputTokensMax) => new MessagesMeter(outputTokensMax),
  isAnswer: ({ type, content }) => type === 'message' && Array.isArray(content),
  inputOf: inputOfMessages,
  countedUsage: (input, output) => ({ input_tokens: input, output_tokens: output }),
  errorFrame: (error) => `event: error\ndata: ${JSON.stringify(anthropicErrorOf(error))}\n\n`,
};
