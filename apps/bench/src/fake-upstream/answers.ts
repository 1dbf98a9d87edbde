/** The usage that every answer reports. */
const reportedUsage = { prompt_tokens: 30, completion_tokens: 8, total_tokens: 38 };
const common = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'gpt-5.5' };
/** A whole answer. */
export const whole = Buffer.from(
  JSON.stringify({
    ...common,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Prepaid means that the money is there.' },
        finish_reason: 'stop',
      },
    ],
    usage: reportedUsage,
  }),
);
const chunkOf = (fields: object) =>
  `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...fields })}\n\n`;
/** One chunk of a stream. */
export const piece = Buffer.from(
  chunkOf({ choices: [{ index: 0, delta: { content: ' word' }, finish_reason: null }] }),
);
/** What ends a stream. */
export const last = Buffer.from(
  chunkOf({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
    chunkOf({ choices: [], usage: reportedUsage }) +
    'data: [DONE]\n\n',
);
