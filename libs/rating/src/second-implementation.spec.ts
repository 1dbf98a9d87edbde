import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tokenKinds, unitKinds, type Usage } from './kinds.ts';
import { problemsOfPrice } from './price-problems.ts';
import { type PriceVersion, type Rates, twoRateFallback } from './price-version.ts';
import { type ChargeLine, rate, recompute } from './rate.ts';

/** Recomputes receipts with Python's decimal: another language, another kind of number, written from the rules. */
const script = join(import.meta.dirname, '../second-implementation/rate.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const seed = 20261122;
const receiptsMax = 10_000;

const price = fc.tuple(fc.nat(12), fc.bigInt(0n, 10n ** 15n)).map(([decimals, units]) => {
  if (decimals === 0) return (units % 1000n).toString();
  const digits = units.toString().padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
});
const some = <Value>(kinds: readonly string[], value: fc.Arbitrary<Value>) =>
  fc.record(Object.fromEntries(kinds.map((kind) => [kind, value])), { requiredKeys: [] });
const quantity = fc.oneof(fc.nat(3), fc.nat(400_000), fc.constantFrom(199_999, 200_000, 200_001));

/** Repriced by tiers, and by hours; no kind by both, which could not be published. */
const byTier = tokenKinds.filter((_, index) => index % 2 === 0);
const byHour = tokenKinds.filter((_, index) => index % 2 === 1);
const hours = [
  { fromUtc: '01:00', toUtc: '04:00' },
  { fromUtc: '06:30', toUtc: '10:00' },
  { fromUtc: '22:15', toUtc: '00:45' },
] as const;

const versions = fc
  .record({
    rates: fc.tuple(some(tokenKinds, price), price, price),
    falls: fc.boolean(),
    unitPrices: some(unitKinds, price),
    tiers: fc.tuple(some(byTier, price), some(byTier, price)),
    tierCount: fc.nat(2),
    windows: fc.tuple(some(byHour, price), some(byHour, price), some(byHour, price)),
    windowCount: fc.nat(3),
  })
  .map(
    ({
      rates: [rates, input, output],
      falls,
      unitPrices,
      tiers,
      tierCount,
      windows,
      windowCount,
    }): PriceVersion => ({
      ...{
        id: 'prv_1',
        rateCardId: 'standard',
        model: 'any',
        currency: 'CNY',
        effectiveFrom: '2026-01-01T00:00:00Z',
      },
      rates: { ...(rates as Rates), input, output },
      fallback: falls ? { ...twoRateFallback, cached_input_image: 'input_image', input_image: 'input' } : {},
      unitPrices,
      tiers: tiers.slice(0, tierCount).map((repriced, index) => ({
        overInputTokens: [200_000, 500_000][index] ?? 0,
        rates: repriced,
      })),
      windows: windows.slice(0, windowCount).map((repriced, index) => ({
        ...(hours[index] ?? hours[0]),
        rates: repriced,
      })),
    }),
  );

const usages = fc
  .tuple(some(tokenKinds, quantity), some(unitKinds, fc.nat(100)), fc.boolean())
  .map(([tokens, units, plain]): Usage => ({
    tokens: plain ? { input: tokens['input'] ?? 7, output: tokens['output'] ?? 3 } : tokens,
    ...{ units, source: 'upstream', estimated: false },
  }));

const instants = fc
  .tuple(fc.nat(23), fc.constantFrom(0, 15, 29, 30, 44, 45, 59), fc.nat(999_999))
  .map(([hour, minute, micros]) => {
    const two = (part: number) => part.toString().padStart(2, '0');
    return `2026-11-22T${two(hour)}:${two(minute)}:59.${micros.toString().padStart(6, '0')}Z`;
  });

function receiptOf([version, usage, at]: readonly [PriceVersion, Usage, string]): string {
  const rated = rate(usage, version, at);
  if (rated.accepted) {
    const { amount, lines } = rated.events[0];
    return JSON.stringify({ version, usage, at, outcome: amount, lines });
  }
  const { refusal } = rated;
  return JSON.stringify({
    version,
    usage,
    at,
    outcome: `${refusal.code} ${'kind' in refusal ? refusal.kind : ''}`,
  });
}

function recomputed(receipts: readonly string[]): unknown {
  const { stdout, stderr } = spawnSync('python3', [script], {
    input: receipts.join('\n'),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stderr === '' ? (JSON.parse(stdout) as unknown) : stderr;
}

const recomputes = hasPython ? it : it.skip;
const why = hasPython ? '' : ' (skipped: there is no python3 on this machine)';
if (!hasPython)
  process.stderr.write(`rating: 10,000 receipts are not recomputed in another language${why}\n`);

describe('a second implementation in Python', () => {
  const samples = fc.sample(fc.tuple(versions, usages, instants), { numRuns: receiptsMax, seed });
  const receipts = samples.map(receiptOf);

  it('has receipts to recompute whose lines add up, in this language at least', () => {
    const torn = receipts
      .map((text) => JSON.parse(text) as { outcome: string; lines?: readonly ChargeLine[] })
      .filter(({ outcome, lines }) => lines !== undefined && recompute(lines) !== outcome);
    expect(torn).toEqual([]);
    expect(receipts.length).toBe(receiptsMax);
  });

  recomputes(`comes to the same charge for 10,000 random receipts, to the last digit${why}`, () => {
    expect(samples.flatMap(([version]) => problemsOfPrice(version))).toEqual([]);
    const report = recomputed(receipts);
    expect(report).toMatchObject({ checked: receiptsMax, different: [], differences: 0 });
    // Enough of them are charges, and enough are refusals, for both to be compared.
    expect((report as { charged: number }).charged).toBeGreaterThan(3000);
    expect((report as { charged: number }).charged).toBeLessThan(9000);
  });

  recomputes(`sees a receipt of which one digit was changed${why}`, () => {
    const index = samples.findIndex((sample) => receiptOf(sample).includes('"outcome":"1'));
    const forged = (receipts[index] ?? '').replace('"outcome":"1', '"outcome":"2');
    expect(recomputed([forged])).toMatchObject({ checked: 1, differences: 1 });
  });
});
