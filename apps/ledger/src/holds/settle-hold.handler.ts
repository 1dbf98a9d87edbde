import { Instant } from '@app/bookkeeping';
import type { LedgerApi } from '@app/contracts';
import { Units18 } from '@app/money';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { ChargeStore } from '../adjustments/charge.store.ts';
import { type FirstResult, Journal, type Outcome } from '../journal/journal.ts';
import { parsed } from '../parsed.ts';
import { problemOfRefusal } from '../refusal-problem.ts';
import { Waits } from '../waits.ts';
import { SettleHoldMessage, settleRequest } from './hold-message.ts';

/** Charges a call by hand of a program, whichever door it comes through. */
@Injectable()
export class SettleHoldHandler {
  constructor(
    private readonly journal: Journal,
    private readonly charges: ChargeStore,
    private readonly waits: Waits,
  ) {}

  /** Settles a hold in part, in full or in excess; one that has ended makes it a charge without a hold, which may wait. */
  async handle(given: unknown): Promise<LedgerApi.SettleHoldResponse> {
    const message = parsed(SettleHoldMessage, given);
    const { chargeSeconds: chargeWaitSeconds, holdExpirySeconds } = this.waits;
    const present = { now: Instant.of(Date.now() * 1_000), holdExpirySeconds, chargeWaitSeconds };
    const [outcome] = await this.journal.post([settleRequest(message, present)]).catch((error: unknown) => {
      const detail = 'The ledger cannot write at the moment. The same request may be sent again.';
      throw new Problem({ code: 'unavailable', detail }, { cause: error });
    });
    const { kind, paid, granted, held } = resultOf(outcome);
    const found = await this.charges.find(message.customerId, message.chargeId);
    const uncollected = found?.standing.uncollected ?? Units18.zero;
    const charge = found?.standing.charge ?? Units18.fromText(message.charge.amount);
    const collected = found === undefined ? Units18.zero : Units18.subtract(charge, uncollected);
    return {
      kind,
      charge: Units18.toText(charge),
      collected: Units18.toText(collected),
      uncollected: Units18.toText(uncollected),
      currency: message.charge.currency,
      availableAfter: Units18.toText(Units18.of(paid + granted - held)),
    };
  }
}

function resultOf(outcome: Outcome | undefined): Omit<FirstResult, 'version'> {
  if (outcome?.kind === 'repeated') return outcome.first;
  if (outcome?.kind === 'refused') throw problemOfRefusal(outcome.refusal);
  if (outcome?.kind === 'conflict') {
    const remedy = 'A call is charged once; correct the charge where it is wrong.';
    throw new Problem({ code: 'conflict', field: 'chargeId', detail: outcome.reason, remedy });
  }
  const [first] = outcome?.kind === 'recorded' ? outcome.entries : [];
  if (first === undefined)
    throw new Problem({ code: 'internal-error', detail: 'The charge was not decided.' });
  return { ...first, kind: first.entry.kind };
}
