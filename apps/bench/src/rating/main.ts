import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices';
import { normaliseUsage, type PriceVersion, rate, twoRateFallback, type UsageFamily } from '@app/rating';
import { best, figure, type Lap, row } from '../stopwatch.ts';

// What normalising a usage body and rating it costs a core, beside what reading the same body from its text costs.
const callsPerRun = 200_000;
const runs = 5;
const target = 200_000;
const at = '2026-11-22T08:00:00Z';

const version: PriceVersion = {
  ...{ id: 'prv_1', rateCardId: 'standard', model: 'gpt-4', currency: 'CNY' },
  effectiveFrom: '2026-01-01T00:00:00Z',
  ...{ rates: { input: '0.231', output: '0.462' }, fallback: twoRateFallback },
  ...{ unitPrices: {}, tiers: [], windows: [] },
};

const plain = (input: number, output: number) => ({
  ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
});
const detailed = (input: number, output: number) => ({
  ...plain(input, output),
  prompt_tokens_details: { cached_tokens: input >> 1, audio_tokens: 0 },
  completion_tokens_details: {
    ...{ reasoning_tokens: output >> 1, audio_tokens: 0 },
    ...{ accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  },
});
const anthropic = (input: number, output: number) => ({
  ...{ input_tokens: input, output_tokens: output, cache_read_input_tokens: 3 * input },
  cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 0 },
  cache_creation_input_tokens: 7,
});

type Body = (input: number, output: number) => object;

const cases: readonly (readonly [name: string, family: UsageFamily, body: Body])[] = [
  ['OpenAI chat, two counts', 'openai-chat', plain],
  ['OpenAI chat, with all details', 'openai-chat', detailed],
  ['Anthropic, with its cache', 'anthropic', anthropic],
];

let slowest = Infinity;
console.log(
  `Calls per second of one core: the best of ${runs.toString()} runs of ${figure(callsPerRun)} calls.\n`,
);
console.log(row('body', 'normalise+rate', 'JSON.parse', 'ratio'));
for (const [name, family, body] of cases) {
  const bodies = bodiesLike(body);
  const texts = bodies.map((raw) => JSON.stringify(raw));
  const ours = perSecond(
    best(runs, () => {
      rateAll(family, bodies);
    }),
  );
  const parse = perSecond(
    best(runs, () => {
      parseAll(texts);
    }),
  );
  slowest = Math.min(slowest, ours);
  console.log(row(name, figure(ours), figure(parse), figure(ours / parse, 2)));
}
console.log(row('genai-prices (floating point), two counts', figure(perSecond(best(runs, independent)))));
console.log(
  `\nTarget ${figure(target)}: ${slowest >= target ? 'reached' : 'missed'} by the slowest, ${figure(slowest)}.`,
);
process.exitCode = slowest >= target ? 0 : 1;

function perSecond({ cpuSeconds }: Lap): number {
  return callsPerRun / cpuSeconds;
}

function bodiesLike(body: Body): readonly object[] {
  return Array.from({ length: callsPerRun }, (_, index) => body(100 + (index % 8000), 10 + (index % 900)));
}

function rateAll(family: UsageFamily, bodies: readonly object[]): void {
  for (const body of bodies) {
    const usage = normaliseUsage(family, body, { outputText: true });
    if (!usage.accepted) throw new Error(usage.refusal.reason);
    const rated = rate(usage.events[0], version, at);
    if (!rated.accepted) throw new Error(rated.refusal.code);
  }
}

function parseAll(texts: readonly string[]): void {
  for (const text of texts) JSON.parse(text);
}

/** The same work by the independent implementation that the tests compare with. */
function independent(): void {
  const provider = findProvider({ providerId: 'openai' });
  if (provider === undefined) throw new Error('genai-prices has no such provider');
  for (let index = 0; index < callsPerRun; index += 1) {
    const usage = plain(100 + (index % 8000), 10 + (index % 900));
    const extracted = extractUsage(provider, { model: 'gpt-4', usage }, 'chat');
    calcPrice(extracted.usage, 'gpt-4', { provider });
  }
}
