import { Units18 } from '@app/money';
import type { EndedCall } from '../calls/ended-call.ts';

/** Calls of one batch that belong together: what they brought in and what they cost. */
export interface MarginLine {
  /** The day in Asia/Shanghai on which the calls were made: the accounting date of their cost. */
  readonly day: string;
  readonly model: string;
  readonly priceVersionId: string;
  /** Empty where the cost is not known. */
  readonly upstream: string;
  readonly currency: string;
  readonly calls: number;
  /** How many of them were not charged; they cost us all the same. */
  readonly uncharged: number;
  readonly charge: string;
  readonly cost: string;
  /** The latest of the calls. */
  readonly occurredAt: string;
}

/** What the charges and costs of a batch come to, by day, model, version and upstream. Calls with neither are left out. */
export function marginLines(calls: readonly EndedCall[]): readonly MarginLine[] {
  const groups = new Map<string, Sums>();
  for (const call of calls) {
    const line = lineOf(call);
    if (line === undefined) continue;
    const key = [line.day, line.model, line.priceVersionId, line.upstream, line.currency].join('\n');
    const sums = groups.get(key);
    if (sums === undefined) groups.set(key, line);
    else add(sums, line);
  }
  return [...groups.values()].map((sums) => ({
    ...sums,
    charge: Units18.toText(sums.charge),
    cost: Units18.toText(sums.cost),
  }));
}

interface Sums {
  readonly day: string;
  readonly model: string;
  readonly priceVersionId: string;
  readonly upstream: string;
  readonly currency: string;
  calls: number;
  uncharged: number;
  charge: Units18;
  cost: Units18;
  occurredAt: string;
}

function lineOf(call: EndedCall): Sums | undefined {
  const { cost, model, occurredAt } = call;
  // What is quarantined has no charge and no cost until a person has decided.
  if (call.end.outcome === 'quarantined') return undefined;
  const charge = call.end.outcome === 'charged' ? call.end.charge : null;
  const known = charge ?? cost;
  if (known === null) return undefined;
  return {
    ...{ day: dayOf(occurredAt), model, priceVersionId: call.priceVersionId ?? '', occurredAt },
    ...{ upstream: cost?.upstream ?? '', currency: known.currency },
    ...{ calls: 1, uncharged: Number(charge === null), charge: unitsOf(charge), cost: unitsOf(cost) },
  };
}

const unitsOf = (amount: { readonly amount: string } | null): Units18 =>
  amount === null ? Units18.zero : Units18.fromText(amount.amount);

function add(sums: Sums, line: Sums): void {
  sums.calls += line.calls;
  sums.uncharged += line.uncharged;
  sums.charge = Units18.add(sums.charge, line.charge);
  sums.cost = Units18.add(sums.cost, line.cost);
  if (Date.parse(line.occurredAt) > Date.parse(sums.occurredAt)) sums.occurredAt = line.occurredAt;
}

const shanghaiMs = 8 * 3_600_000;

/** The day in Asia/Shanghai, which has had one offset since 1991. */
const dayOf = (instant: string): string =>
  new Date(Date.parse(instant) + shanghaiMs).toISOString().slice(0, 10);
