import { chunk, completion, frame, ordinaryStream, usageChunk, usageOf } from './relay-harness.ts';

/** How one endpoint is spoken: the same events of a call's life in the words of its clients and providers. */
export interface Dialect {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** A whole answer that says `Hello.`; `usage` undefined for none. */
  whole(usage: unknown): unknown;
  usage(input: number, output: number): unknown;
  /** A stream that says `Hel` and `lo 世界.` and ends; `usage` undefined for none. */
  stream(usage: unknown): string[];
  /** How many frames of the stream come before the end, both pieces said. */
  readonly framesUntilEnd: number;
  /** How many frames of the stream come before anything is said. */
  readonly framesUntilWords: number;
  /** A stream that ends for a reason with nothing said. */
  silent(usage: unknown): string[];
  /** The provider's error in its stream. */
  readonly failure: string;
  /** What the input counts as where nothing is reported, and where a stream is broken off. */
  readonly input: { readonly counted: number; readonly brokenOff: number };
  /** The usage in the last words of a stream, and what a client sees of an error. */
  readonly errorInStream: RegExp;
}

const named = (data: { readonly type: string }): string => `event: ${data.type}\n${frame(data)}`;
const pieces = ['Hel', 'lo 世界.'];

const chat: Dialect = {
  path: '/chat/completions',
  body: { messages: [{ role: 'user', content: 'Hello.' }], stream_options: { include_usage: true } },
  whole: (usage) => completion({ usage }),
  usage: usageOf,
  stream: (usage) => ordinaryStream(usage).filter((one) => usage !== undefined || !one.includes('"usage"')),
  framesUntilEnd: 3,
  framesUntilWords: 1,
  silent: (usage) => [
    frame(chunk({}, 'content_filter')),
    ...(usage === undefined ? [] : [frame(usageChunk(usage))]),
    frame('[DONE]'),
  ],
  failure: frame({
    error: { message: 'key sk-upstream-secret-0123456789 at 10.0.0.7', type: 'server_error' },
  }),
  input: { counted: 9, brokenOff: 9 },
  errorInStream: /data: {"error":{.*"code":"upstream_error"/,
};

const text = (said: string, reason: string | null = null) => ({
  id: 'cmpl-1',
  object: 'text_completion',
  model: 'gpt-5.5',
  choices: [{ index: 0, text: said, logprobs: null, finish_reason: reason }],
});

const completions: Dialect = {
  ...chat,
  path: '/completions',
  body: { prompt: 'Hello.', stream_options: { include_usage: true } },
  whole: (usage) => ({ ...text('Hello.', 'stop'), usage }),
  stream: (usage) => [
    ...['', ...pieces].map((piece) => frame(text(piece))),
    frame(text('', 'stop')),
    ...(usage === undefined ? [] : [frame({ ...text(''), choices: [], usage })]),
    frame('[DONE]'),
  ],
  silent: (usage) => [
    frame(text('', 'content_filter')),
    ...(usage === undefined ? [] : [frame({ ...text(''), choices: [], usage })]),
    frame('[DONE]'),
  ],
  input: { counted: 2, brokenOff: 2 },
};

const response = (status: string, output: readonly unknown[], usage?: unknown) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_795_334_460,
  model: 'gpt-5.5',
  status,
  output,
  usage: usage ?? null,
});
const message = (said: string) => ({
  ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text: said, annotations: [] }],
});

const responses: Dialect = {
  path: '/responses',
  body: { input: 'Hello.' },
  whole: (usage) => response('completed', [message('Hello.')], usage),
  usage: (input, output) => ({
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  }),
  stream: (usage) => [
    named({ type: 'response.created', ...{ response: response('in_progress', []), sequence_number: 0 } }),
    ...pieces.map((delta, at) =>
      named({
        type: 'response.output_text.delta',
        ...{ item_id: 'msg_1', output_index: 0, content_index: 0, delta, sequence_number: 1 + at },
      }),
    ),
    named({
      type: 'response.completed',
      ...{ response: response('completed', [message(pieces.join(''))], usage), sequence_number: 3 },
    }),
  ],
  framesUntilEnd: 3,
  framesUntilWords: 1,
  silent: (usage) => [
    named({
      type: 'response.incomplete',
      ...{ response: response('incomplete', [], usage), sequence_number: 0 },
    }),
  ],
  failure: named({
    type: 'response.failed',
    ...{
      response: {
        ...response('failed', []),
        error: { code: 'server_error', message: 'key sk-upstream-secret-0123456789 at 10.0.0.7' },
      },
    },
  }),
  input: { counted: 9, brokenOff: 9 },
  errorInStream: /event: error\ndata: {"type":"error","code":"upstream_error"/,
};

const claude = (content: readonly unknown[], stopReason: string | null, usage: unknown) => ({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'gpt-5.5', content },
  ...{ stop_reason: stopReason, stop_sequence: null, usage },
});

const messagesStream = (said: readonly string[], usage: unknown): string[] => [
  named({
    type: 'message_start',
    ...{ message: claude([], null, { input_tokens: 3_000, output_tokens: 1 }) },
  }),
  ...(said.length === 0
    ? []
    : [named({ type: 'content_block_start', ...{ index: 0, content_block: { type: 'text', text: '' } } })]),
  ...said.map((text) =>
    named({ type: 'content_block_delta', ...{ index: 0, delta: { type: 'text_delta', text } } }),
  ),
  ...(said.length === 0 ? [] : [named({ type: 'content_block_stop', ...{ index: 0 } })]),
  named({
    type: 'message_delta',
    ...{ delta: { stop_reason: said.length === 0 ? 'refusal' : 'end_turn', stop_sequence: null }, usage },
  }),
  named({ type: 'message_stop' }),
];

const messages: Dialect = {
  path: '/messages',
  body: { messages: [{ role: 'user', content: 'Hello.' }], max_tokens: 1_000 },
  whole: (usage) => claude([{ type: 'text', text: 'Hello.' }], 'end_turn', usage),
  usage: (input, output) => ({ input_tokens: input, output_tokens: output }),
  stream: (usage) => messagesStream(pieces, usage),
  framesUntilEnd: 5,
  framesUntilWords: 2,
  silent: (usage) => messagesStream([], usage),
  failure: named({
    type: 'error',
    ...{ error: { type: 'overloaded_error', message: 'key sk-upstream-secret-0123456789 at 10.0.0.7' } },
  }),
  input: { counted: 9, brokenOff: 3_000 },
  errorInStream: /event: error\ndata: {"type":"error","error":{"type":"api_error"/,
};

/** Every endpoint that streams. */
export const dialects: readonly (readonly [string, Dialect])[] = [
  ['chat completions', chat],
  ['completions', completions],
  ['responses', responses],
  ['messages', messages],
];
