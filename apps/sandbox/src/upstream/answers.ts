import { setTimeout as sleep } from 'node:timers/promises';
import type { Fixture } from '@copilotkit/aimock';

/** What a caller can ask of the fake provider, by a word in the last message. */
const usageWish = /\busage=(\d+)\/(\d+)/;
const statusWish = /\bstatus=(4\d\d|5\d\d)\b/;
const cutWish = /\bcut\b/;
const slowWish = /\bslow\b/;
const crawlWish = /\bcrawl\b/;
const silentWish = /\bsilent\b/;
const ponderWish = /\bponder\b/;
const ponderMs = 7_000;
const toolWish = /\btool\b/;
const inlineWish = /\binline\b/;

type ChatRequest = Parameters<NonNullable<Fixture['match']['predicate']>>[0];

/** The text of the last message. */
function lastText({ messages }: ChatRequest): string {
  const content = messages.at(-1)?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join(' ');
}

const asks = (wish: RegExp) => (request: ChatRequest) => wish.test(lastText(request));

const story =
  'Prepaid means that the money is there before the work is done. ' +
  'Every call is priced by what it used, to the last digit, and what is left goes back to where it came from.';

/** The same answer always; the usage that was asked for, or the one of the pricing page's own example. */
function answer(request: ChatRequest) {
  const [, prompt = '3000', completion = '800'] = usageWish.exec(lastText(request)) ?? [];
  return {
    content: story,
    finishReason: 'stop',
    usage: {
      prompt_tokens: Number(prompt),
      completion_tokens: Number(completion),
      total_tokens: Number(prompt) + Number(completion),
    },
  };
}

/** An answer that takes its time, streamed or whole. */
async function lateAnswer(request: ChatRequest) {
  await sleep(ponderMs);
  return answer(request);
}

/** A call of the first tool that was brought, with the usage that was asked for. */
function toolCall(request: ChatRequest) {
  const { usage } = answer(request);
  const name = request.tools?.[0]?.function.name ?? 'none';
  return { toolCalls: [{ name, arguments: '{"city":"广州"}' }], finishReason: 'tool_calls', usage };
}

/** An answer of an error, with words in it that a customer must never see. */
function failure(request: ChatRequest) {
  const status = Number(statusWish.exec(lastText(request))?.[1]);
  const message = `The request failed with ${String(status)} at https://provider.internal:8443 for key sk-upstream-secret-0123456789.`;
  return { error: { message, type: 'invalid_request_error', code: 'provider_says_no' }, status };
}

/**
 * The answers of the fake provider, first match first:
 * `status=503` fails so, `cut` breaks off after some chunks, `slow` takes its time between chunks, `crawl` half a second, `silent` before the first,
 * `ponder` takes seven seconds before it answers at all,
 * `tool` calls the first tool, `usage=30/8` reports 30 tokens in and 8 out; anything else reports 3,000 and 800.
 * Embeddings and pictures are always the same, a picture `inline` comes in the answer itself; responses and Anthropic's messages are answered as chat is.
 */
export const answers: readonly Fixture[] = [
  { match: { endpoint: 'chat', predicate: asks(statusWish) }, response: failure },
  // Without a pause the socket would be gone before the head of the answer was sent.
  {
    match: { endpoint: 'chat', predicate: asks(cutWish) },
    response: answer,
    latency: 40,
    chunkSize: 20,
    truncateAfterChunks: 4,
  },
  { match: { endpoint: 'chat', predicate: asks(slowWish) }, response: answer, latency: 150, chunkSize: 20 },
  { match: { endpoint: 'chat', predicate: asks(crawlWish) }, response: answer, latency: 500, chunkSize: 10 },
  { match: { endpoint: 'chat', predicate: asks(silentWish) }, response: answer, latency: 5_000 },
  { match: { endpoint: 'chat', predicate: asks(ponderWish) }, response: lateAnswer },
  { match: { endpoint: 'chat', predicate: asks(toolWish) }, response: toolCall, chunkSize: 20 },
  { match: { endpoint: 'chat' }, response: answer, chunkSize: 20 },
  { match: { endpoint: 'embedding' }, response: { embedding: [0.25, -0.5, 0.125] } },
  {
    match: { endpoint: 'image', predicate: asks(inlineWish) },
    response: { images: [{ b64Json: 'iVBORw0KGgo=' }] },
  },
  { match: { endpoint: 'image' }, response: { images: [{ url: 'https://pictures.example/1.png' }] } },
];
