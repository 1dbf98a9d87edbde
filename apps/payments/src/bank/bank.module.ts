import type { Type } from '@nestjs/common';
import { Customers } from '../customers/customer.store.ts';
import { CustomersConsumer } from '../customers/customers.consumer.ts';
import { Audit } from '../decisions/audit.store.ts';
import { DecisionsController } from '../decisions/decisions.controller.ts';
import { DecisionsHandler } from '../decisions/decisions.handler.ts';
import { Proposals } from '../decisions/proposal.store.ts';
import { BankDetailsHandler } from './bank-details.handler.ts';
import { BanksController } from './banks.controller.ts';
import { BookLinesHandler } from './book-lines.handler.ts';
import { Companies } from './company.store.ts';
import { ConfirmPayoutsHandler } from './confirm-payouts.handler.ts';
import { ImportStatementHandler } from './import-statement.handler.ts';
import { MakePayoutFileHandler } from './make-payout-file.handler.ts';
import { OpenLines } from './open-line.store.ts';
import { Payouts } from './payout.store.ts';
import { PlanPayoutHandler } from './plan-payout.handler.ts';
import { ResolveLineHandler } from './resolve-line.handler.ts';
import { Statements } from './statement.store.ts';
import { SuspenseHandler } from './suspense.handler.ts';
import { Suspenses } from './suspense.store.ts';

/** The doors of our bank accounts and of what people decide. */
export const bankControllers: readonly Type[] = [BanksController, DecisionsController, CustomersConsumer];

/** What stands behind them. */
export const bankProviders: readonly Type[] = [
  ...[Statements, OpenLines, Companies, Suspenses, Payouts, Customers, Proposals, Audit],
  ...[ImportStatementHandler, BookLinesHandler, ConfirmPayoutsHandler, SuspenseHandler, ResolveLineHandler],
  ...[PlanPayoutHandler, MakePayoutFileHandler, DecisionsHandler, BankDetailsHandler],
];
