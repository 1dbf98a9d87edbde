import { type Endpoint, type Fields } from './endpoint.ts';
import { ResponsesMeter } from './responses-meter.ts';
import { inputOfResponses, readResponsesRequest } from './responses-request.ts';

/** Counted usage as responses report it. */
export const responsesUsage = (input: number, output: number): Fields => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: input + output,
});

/** `POST /v1/responses`, without the provider's memory: nothing is stored there, so every request carries all of its input. */
export const responses: Endpoint = {
  code: 'responses',
  path: '/responses',
  family: 'openai-responses',
  read: (body) => ({ ...readResponsesRequest(body), endpoint: responses }),
  providerBody: ({ body }, { outputTokensMax }, model) =>
    JSON.stringify({
      ...body,
      model,
      store: false,
      ...(outputTokensMax === undefined ? {} : { max_output_tokens: outputTokensMax }),
    }),
  meter: (outputTokensMax) => new ResponsesMeter(outputTokensMax),
  isAnswer: ({ output, status }) => Array.isArray(output) && status !== 'failed',
  inputOf: inputOfResponses,
  countedUsage: responsesUsage,
  errorFrame: ({ body: { error } }) => {
    const { code, message, param } = error;
    // The error object too: clients of OpenAI's throw for it, where they would take the rest for one event more.
    return `event: error\ndata: ${JSON.stringify({ type: 'error', code, message, param, error })}\n\n`;
  },
};
