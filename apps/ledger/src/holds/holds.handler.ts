import { Instant } from '@app/bookkeeping';
import type { LedgerApi } from '@app/contracts';
import { Units18 } from '@app/money';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { Journal, type FirstResult, type Outcome, type PostRequest } from '../journal/journal.ts';
import { parsed } from '../parsed.ts';
import { Waits } from '../waits.ts';
import type { AskedMoney, HoldAnswer } from './hold-answer.ts';
import {
  ExtendHoldMessage,
  extendRequest,
  PlaceHoldMessage,
  placeRequest,
  ReleaseHoldMessage,
  releaseRequest,
  RenewLeaseMessage,
} from './hold-message.ts';
import { HoldStore } from './hold.store.ts';

/** Holds, whichever door they come through. */
@Injectable()
export class HoldsHandler {
  constructor(
    private readonly journal: Journal,
    private readonly holds: HoldStore,
    private readonly waits: Waits,
  ) {}

  async place(given: unknown): Promise<HoldAnswer> {
    const message = parsed(PlaceHoldMessage, given);
    const outcome = await this.decide(placeRequest(message, this.present()));
    return answerOf(outcome, { holdId: message.holdId, ...message.amount });
  }

  async extend(given: unknown): Promise<HoldAnswer> {
    const message = parsed(ExtendHoldMessage, given);
    const outcome = await this.decide(extendRequest(message, this.present()));
    return answerOf(outcome, { holdId: message.holdId, ...message.by });
  }

  /** Gives a hold back. One that ended before is answered alike, for the caller's wish is fulfilled. */
  async release(given: z.input<typeof ReleaseHoldMessage>): Promise<LedgerApi.ReleaseHoldResponse> {
    const outcome = await this.decide(releaseRequest(parsed(ReleaseHoldMessage, given), this.present()));
    if (outcome.kind === 'recorded' || outcome.kind === 'repeated') return { outcome: 'released' };
    if (outcome.kind === 'unchanged') return { outcome: 'already_ended' };
    if (outcome.kind !== 'refused') throw problemOf(outcome);
    const { refusal } = outcome;
    if (refusal.code === 'hold-settled') return { outcome: 'already_ended' };
    if (refusal.code === 'unknown-hold' || refusal.code === 'unknown-account') {
      throw new Problem({ code: refusal.code, detail: 'There is no such hold.', field: 'holdId' });
    }
    throw new Problem({ code: 'conflict', detail: refusal.code });
  }

  async renewLease(given: unknown): Promise<LedgerApi.RenewLeaseResponse> {
    const { leaseId } = parsed(RenewLeaseMessage, given);
    return { leasedUntil: await this.holds.renewLease(leaseId, this.waits.leaseSeconds) };
  }

  private async decide(request: PostRequest): Promise<Outcome> {
    const [outcome] = await this.journal.post([request]).catch((error: unknown) => {
      const detail = 'The ledger cannot write at the moment. The same request may be sent again.';
      throw new Problem({ code: 'unavailable', detail }, { cause: error });
    });
    if (outcome === undefined) throw new TypeError('The journal did not answer.');
    return outcome;
  }

  private present() {
    return { now: Instant.of(Date.now() * 1_000), holdExpirySeconds: this.waits.holdExpirySeconds };
  }
}

function answerOf(outcome: Outcome, asked: AskedMoney & { readonly holdId: string }): HoldAnswer {
  if (outcome.kind === 'refused') return { refusal: outcome.refusal, asked };
  if (outcome.kind === 'repeated')
    return { hold: { ...asked, availableAfter: availableAfter(outcome.first) } };
  const [first] = outcome.kind === 'recorded' ? outcome.entries : [];
  if (first === undefined) throw problemOf(outcome);
  return { hold: { ...asked, availableAfter: availableAfter(first) } };
}

const availableAfter = ({ paid, granted, held }: Pick<FirstResult, 'paid' | 'granted' | 'held'>): string =>
  Units18.toText(Units18.of(paid + granted - held));

function problemOf(outcome: Outcome): Problem {
  if (outcome.kind === 'conflict') {
    return new Problem({
      code: 'conflict',
      detail: outcome.reason,
      field: 'holdId',
      remedy: 'Use a new id for a new hold; send the same data to ask for the first answer again.',
    });
  }
  return new Problem({
    code: 'internal-error',
    detail: outcome.kind === 'failed' ? outcome.reason : 'The hold was not decided.',
  });
}
