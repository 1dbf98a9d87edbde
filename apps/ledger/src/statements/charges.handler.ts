import type { Entry, LotPart } from '@app/bookkeeping';
import { Instant } from '@app/bookkeeping';
import { Id } from '@app/contracts';
import { Units18 } from '@app/money';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ChargeStore } from '../adjustments/charge.store.ts';
import { parsed } from '../parsed.ts';

const pageDefault = 50;
const ChargeQuestion = z.object({ customerId: Id, chargeId: Id });
const LotQuestion = z.object({
  customerId: Id,
  topUpId: Id,
  pageSize: z.coerce.number().int().min(0).max(500).default(0),
  cursor: z
    .string()
    .regex(/^\d{0,15}$/, 'is not one that this list gave')
    .default(''),
});

/** A charge as it stands: charge = granted + paid + uncollected, and the top-ups that paid. */
export interface ChargeView {
  readonly customerId: string;
  readonly chargeId: string;
  readonly currency: string;
  readonly occurredAt: string;
  readonly charge: string;
  readonly granted: string;
  readonly paid: string;
  readonly uncollected: string;
  readonly compensated: string;
  readonly lots: { topUpId: string; amount: string }[];
  readonly versions: string[];
}

/** What one entry took from a top-up; negative where a correction gave more back than it took. */
export interface LotUse {
  readonly version: string;
  readonly kind: string;
  readonly chargeId: string;
  readonly occurredAt: string;
  readonly amount: string;
}

/** Which top-ups paid a charge, and which charges a top-up paid. */
@Injectable()
export class ChargesHandler {
  constructor(private readonly charges: ChargeStore) {}

  /** One charge. */
  async one(given: z.input<typeof ChargeQuestion>): Promise<ChargeView> {
    const { customerId, chargeId } = parsed(ChargeQuestion, given);
    const found = await this.charges.find(customerId, chargeId);
    if (found === undefined) {
      const detail = `${chargeId} was not charged to ${customerId}, or still waits for money.`;
      throw new Problem({ code: 'not-found', field: 'chargeId', detail });
    }
    const { standing, currency, occurredAt, entries } = found;
    return {
      ...{ customerId, chargeId, currency, occurredAt },
      charge: Units18.toText(standing.charge),
      granted: Units18.toText(standing.granted),
      paid: Units18.toText(standing.paid),
      uncollected: Units18.toText(standing.uncollected),
      compensated: Units18.toText(standing.compensated),
      lots: standing.lots.map(({ topUpId, amount }) => ({ topUpId, amount: Units18.toText(amount) })),
      versions: entries.map(({ version }) => version.toString()),
    };
  }

  /** What was taken from one top-up, entry by entry. */
  async ofLot(given: z.input<typeof LotQuestion>): Promise<{ uses: LotUse[]; nextCursor: string }> {
    const { customerId, topUpId, pageSize, cursor } = parsed(LotQuestion, given);
    const limit = pageSize || pageDefault;
    const entries = await this.charges.entriesOfLot(customerId, topUpId, {
      after: Number(cursor || '0'),
      limit: limit + 1,
    });
    const shown = entries.slice(0, limit);
    const nextCursor = entries.length > limit ? (shown.at(-1)?.version ?? '').toString() : '';
    return { uses: shown.flatMap((entry) => useOf(entry, topUpId)), nextCursor };
  }
}

function useOf(entry: Entry, topUpId: string): LotUse[] {
  const taken = takenFrom(entry, topUpId);
  if (taken === undefined || !('chargeId' in entry.memo)) return [];
  return [
    {
      version: entry.version.toString(),
      kind: entry.kind,
      chargeId: entry.memo.chargeId,
      occurredAt: Instant.toText(entry.occurredAt),
      amount: Units18.toText(taken),
    },
  ];
}

/** Undefined where the entry has nothing to do with the top-up, though its text has the id somewhere. */
function takenFrom({ kind, memo }: Entry, topUpId: string): Units18 | undefined {
  const part = (lots: readonly LotPart[]) => lots.find((lot) => lot.topUpId === topUpId)?.amount;
  if (kind === 'correction') {
    const [before, after] = [part(memo.before.lots), part(memo.after.lots)];
    if (before === undefined && after === undefined) return undefined;
    return Units18.subtract(after ?? Units18.zero, before ?? Units18.zero);
  }
  return 'lots' in memo ? part(memo.lots) : undefined;
}
