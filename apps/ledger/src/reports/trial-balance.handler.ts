import { InstantText } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { type TrialBalance, TrialBalanceStore } from './trial-balance.store.ts';

const Question = z.object({
  asOf: z.union([z.iso.date(), z.literal('')]).default(''),
  asKnownAt: z.union([InstantText, z.literal('')]).default(''),
});

/** The trial balance, whichever door the question comes through. */
@Injectable()
export class TrialBalanceHandler {
  constructor(private readonly trialBalances: TrialBalanceStore) {}

  /** Now, from heads and totals; or of an accounting day, as it was known at an instant, from sums of days and the rest of the day. */
  handle(given: {
    readonly asOf?: string | undefined;
    readonly asKnownAt?: string | undefined;
  }): Promise<TrialBalance> {
    const { asOf, asKnownAt } = parsed(Question, given);
    return asOf === '' && asKnownAt === ''
      ? this.trialBalances.read()
      : this.trialBalances.readAt(asOf, asKnownAt);
  }
}
