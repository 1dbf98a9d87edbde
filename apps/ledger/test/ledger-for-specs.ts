import { createHash, randomUUID } from 'node:crypto';
import { Instant, type Command, type StandingCharge } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { Database, messagingMigration, migrate, Outbox, OutboxSignal } from '@app/persistence';
import { AccountCodes } from '../src/journal/account-codes.store.ts';
import type { PostRequest } from '../src/journal/journal.ts';
import type { BatchSizes } from '../src/journal/batch-queue.ts';
import { usualBatches, Writer } from '../src/journal/writer.store.ts';
import { ledgerMigrations } from '../src/migrations.ts';

/** A ledger without doors, on a real database. */
export interface LedgerForSpecs {
  /** As the owner of the tables, who may look at everything and tamper. */
  readonly database: Database;
  /** As the service's own role, with no more rights than in production. */
  readonly journal: Writer;
  /** The address for another pool of the service's own role; it must be closed first. */
  readonly serviceUrl: string;
  /** A second process on the same database, with its own memory. */
  another(batches?: BatchSizes): Writer;
  close(): Promise<void>;
}

/** Migrates an empty database and opens the journal in it. */
export async function ledgerOn(url: string): Promise<LedgerForSpecs> {
  const database = new Database({ url, applicationName: 'ledger spec' });
  const role = await makeRole(database, url);
  const migrations = [messagingMigration, ...ledgerMigrations];
  await migrate({ url: role.url, migrationUrl: url, migrations, applicationName: 'ledger spec' });
  const stores: { readonly journal: Writer; readonly writers: Database }[] = [];
  const another = (batches = usualBatches): Writer => {
    const applicationName = 'ledger spec writer';
    const writers = new Database({ url: role.url, applicationName, connectionsMax: 2 });
    const signal = new OutboxSignal();
    const outbox = new Outbox(signal);
    const journal = new Writer({
      ...{ database: writers, codes: new AccountCodes(), outbox, signal },
      booksMax: 1_000,
      batches,
    });
    stores.push({ journal, writers });
    return journal;
  };
  const journal = another();
  return {
    database,
    journal,
    serviceUrl: role.url,
    another,
    close: async () => {
      for (const store of stores) {
        await store.journal.close();
        await store.writers.close();
      }
      await role.drop();
      await database.close();
    },
  };
}

/** A role as the service has it in production; see deploy/local. */
async function makeRole(database: Database, ownerUrl: string) {
  const name = `spec_app_${randomUUID().slice(0, 8)}`;
  await database.query(`CREATE ROLE ${name} LOGIN PASSWORD 'spec'`);
  const url = new URL(ownerUrl);
  [url.username, url.password] = [name, 'spec'];
  const drop = async () => {
    await database.query(`DROP OWNED BY ${name}`);
    await database.query(`DROP ROLE ${name}`);
  };
  return { url: url.href, drop };
}

const units = (amount: string): Units18 => Units18.fromText(amount);
let clock = Instant.fromText('2026-11-22T08:00:00Z');

/** What every command of a spec carries. Each is a second later than the one before. */
function common(eventId: string, facts: string) {
  clock = Instant.of(clock + 1_000_000);
  const fingerprint = createHash('sha256').update(facts).digest('hex');
  return { eventId, fingerprint, currency: 'CNY', occurredAt: clock };
}

const request = (bookId: string, command: Command): PostRequest => ({ bookId, command });

/** Requests in the words of the business. */
export const ask = {
  plan: (bookId: string, code = 'usd-credit', price = '7.14') =>
    request(bookId, {
      ...common(`${bookId}:plan:${code}`, `${code} ${price}`),
      type: 'set-plan',
      plan: { code, credits: units('1'), amount: units(price) },
    }),
  topUp: (bookId: string, topUpId: string, amount: string) =>
    request(bookId, {
      ...common(`${topUpId}:settled`, amount),
      type: 'credit-top-up',
      topUpId,
      channel: 'wechat-pay',
      amount: units(amount),
      providerReference: `4200-${topUpId}`,
    }),
  hold: (bookId: string, holdId: string, amount: string) =>
    request(bookId, {
      ...common(`${holdId}:placed`, amount),
      type: 'place-hold',
      holdId,
      amount: units(amount),
      expiresAt: Instant.of(clock + 90_000_000),
      callId: holdId.replace('hold', 'call'),
      keyId: 'key_1',
      leaseId: null,
      limits: [],
      ended: 'never-seen',
    }),
  settle: (bookId: string, holdId: string, charge: string) =>
    request(bookId, {
      ...common(`${holdId.replace('hold', 'call')}:rated`, charge),
      type: 'settle-hold',
      holdId,
      chargeId: holdId.replace('hold', 'call'),
      keyId: 'key_1',
      priceVersionId: 'prv_1',
      charge: units(charge),
      waitsUntil: Instant.of(clock + 86_400_000_000),
      budgets: [],
      ended: 'never-seen',
    }),
  charge: (bookId: string, chargeId: string, charge: string) =>
    request(bookId, {
      ...common(`${chargeId}:rated`, charge),
      type: 'charge-usage',
      chargeId,
      keyId: null,
      priceVersionId: 'prv_1',
      charge: units(charge),
      waitsUntil: Instant.of(clock + 86_400_000_000),
      budgets: [],
    }),
  release: (bookId: string, holdId: string) =>
    request(bookId, {
      ...common(`${holdId}:released`, 'release'),
      type: 'release-hold',
      holdId,
      reason: 'upstream-failed',
      ended: 'never-seen',
    }),
  grant: (bookId: string, grantId: string, amount: string) =>
    request(bookId, {
      ...common(`${grantId}:given`, amount),
      type: 'give-grant',
      grantId,
      amount: units(amount),
      reason: 'promotion',
    }),
  extend: (bookId: string, holdId: string, by: string, eventId: string) =>
    request(bookId, {
      ...common(eventId, by),
      type: 'extend-hold',
      holdId,
      by: units(by),
      expiresAt: null,
      limits: [],
      ended: 'never-seen',
    }),
  /** Long after the hold could expire. */
  expire: (bookId: string, holdId: string) => {
    const facts = common(`${holdId}:expired`, 'expire');
    const occurredAt = Instant.of(facts.occurredAt + 3_600_000_000);
    return request(bookId, { ...facts, occurredAt, type: 'expire-hold', holdId, ended: 'never-seen' });
  },
  /** Of an amount, or of all that is left. */
  refund: (bookId: string, refundId: string, amount?: string) =>
    request(bookId, {
      ...common(`${refundId}:requested`, amount ?? 'all'),
      type: 'reserve-refund',
      refundId,
      request:
        amount === undefined
          ? { extent: 'close-out' }
          : { extent: 'amount', amount: Units18.fromText(amount) },
    }),
  payItem: (bookId: string, { itemId, channel, amount }: AskedItem) =>
    request(bookId, {
      ...common(`${itemId}:paid`, itemId),
      type: 'pay-refund-item',
      refundId: itemId.split('.')[0] ?? '',
      ...{ itemId, channel, amount },
      providerReference: `5000-${itemId}`,
    }),
  failItem: (bookId: string, { itemId, amount }: AskedItem) =>
    request(bookId, {
      ...common(`${itemId}:failed`, itemId),
      type: 'fail-refund-item',
      refundId: itemId.split('.')[0] ?? '',
      ...{ itemId, amount },
      reason: 'USER_ACCOUNT_ABNORMAL',
    }),
  chargeBack: (bookId: string, topUpId: string, amount: string) =>
    request(bookId, {
      ...common(`${topUpId}:charged-back`, amount),
      type: 'record-external-refund',
      externalRefundId: `ext_${topUpId}`,
      ...{ topUpId, channel: 'wechat-pay', amount: units(amount) },
      endedLots: [],
    }),
  correct: (bookId: string, chargeId: string, asked: AskedChange) =>
    request(bookId, {
      ...common(asked.eventId, asked.amount),
      type: 'correct-charge',
      reason: 'wrong-price',
      ...{ chargeId, charge: units(asked.amount), standing: asked.standing },
      endedLots: [],
    }),
  compensate: (bookId: string, chargeId: string, asked: AskedChange) =>
    request(bookId, {
      ...common(asked.eventId, asked.amount),
      type: 'compensate',
      reasonId: asked.eventId,
      ...{ chargeId, amount: units(asked.amount), standing: asked.standing },
    }),
};

/** An item of a refund that is under way. */
export interface AskedItem {
  readonly itemId: string;
  readonly channel: string;
  readonly amount: Units18;
}

interface AskedChange {
  readonly eventId: string;
  readonly amount: string;
  readonly standing: StandingCharge;
}
