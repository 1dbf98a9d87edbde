import { ServiceTokens } from '@app/transport';
import type { Provider, Type } from '@nestjs/common';
import type { PaymentsSettings } from '../payments-settings.ts';
import { Bills } from './bill.store.ts';
import { Breaks } from './break.store.ts';
import { ChannelMovements } from './channel-movement.store.ts';
import { Comparison } from './compare.store.ts';
import { Books, LedgerBooks, NoBooks } from './ledger-books.client.ts';
import { LoadBillHandler } from './load-bill.handler.ts';
import { ReconcileDayHandler } from './reconcile-day.handler.ts';
import { ReconcileJob, ReconcileRhythm } from './reconcile.job.ts';
import { Reconciliations } from './reconciliation.store.ts';
import { ResolveBreakHandler } from './resolve-break.handler.ts';
import { TellMovementsHandler } from './tell-movements.handler.ts';

/** What compares our books with the providers' daily bills. */
export const reconciliationProviders = (settings: PaymentsSettings): readonly (Type | Provider)[] => [
  ...[Bills, Breaks, ChannelMovements, Comparison, Reconciliations],
  ...[LoadBillHandler, TellMovementsHandler, ReconcileDayHandler, ResolveBreakHandler, ReconcileJob],
  { provide: ReconcileRhythm, useValue: new ReconcileRhythm(settings.PAYMENTS_RECONCILE_INTERVAL_MS) },
  {
    provide: Books,
    useFactory: (tokens: ServiceTokens) =>
      settings.LEDGER_GRPC_URL === undefined
        ? new NoBooks()
        : new LedgerBooks(settings.LEDGER_GRPC_URL, tokens),
    inject: [ServiceTokens],
  },
];
