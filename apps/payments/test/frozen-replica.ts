import { Outbox, OutboxSignal } from '@app/persistence';
import { PaymentChannels } from '../src/channels/payment-channel.ts';
import { ProviderAttempts } from '../src/channels/provider-attempts.store.ts';
import { Payouts } from '../src/bank/payout.store.ts';
import { Suspenses } from '../src/bank/suspense.store.ts';
import { ChangeRefundHandler } from '../src/refunds/change-refund.handler.ts';
import { PayItemHandler } from '../src/refunds/pay-item.handler.ts';
import { Refunds } from '../src/refunds/refund.store.ts';
import { RefundedTopUps } from '../src/refunds/refunded-top-up.store.ts';
import { PayBackHandler } from '../src/top-ups/pay-back.handler.ts';
import { PayBacks } from '../src/top-ups/pay-back.store.ts';
import type { Payments } from './payments-process.ts';

/**
 * Another process of payments on the same database, which is frozen right after it has looked at what it is about to do, and
 * goes on when told. It has no providers: whatever it sent would be a fault.
 */
export function frozenReplica({ database, clock }: Pick<Payments, 'database' | 'clock'>) {
  const looked = Promise.withResolvers<undefined>();
  const thawed = Promise.withResolvers<undefined>();
  const frozen = async <Seen>(seen: Seen): Promise<Seen> => {
    looked.resolve(undefined);
    await thawed.promise;
    return seen;
  };
  class FrozenRefunds extends Refunds {
    override async find(refundId: string) {
      return frozen(await super.find(refundId));
    }
  }
  class FrozenPayBacks extends PayBacks {
    override async find(number: string) {
      return frozen(await super.find(number));
    }
  }
  const [refunds, topUps] = [new FrozenRefunds(database), new RefundedTopUps(database)];
  const [attempts, channels] = [new ProviderAttempts(database), new PaymentChannels([])];
  const outbox = new Outbox(new OutboxSignal());
  const change = new ChangeRefundHandler(refunds, topUps, new Payouts(database), outbox, clock);
  return {
    pay: new PayItemHandler(database, refunds, topUps, attempts, channels, change, clock),
    payBack: new PayBackHandler(
      database,
      new FrozenPayBacks(database),
      new Suspenses(database),
      attempts,
      channels,
      outbox,
      clock,
    ),
    hasLooked: looked.promise,
    goOn: () => {
      thawed.resolve(undefined);
    },
  };
}
