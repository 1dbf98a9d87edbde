import { type CustomerChanged, type EventOf, topics } from '@app/contracts';
import { Database, newId, Outbox, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { Budgets } from '../access/key-policy.ts';
import type { Customer, CustomerChange } from './customer.ts';

/** What came of creating a customer under an idempotency key. */
export type Creation =
  | { readonly outcome: 'created' | 'repeated'; readonly customer: Customer }
  | { readonly outcome: 'conflict' };

/** A customer to be created, and how a repetition of the request is known. */
export interface CustomerDraft extends Omit<Customer, 'customerId' | 'createdAt'> {
  readonly idempotencyKey: string | undefined;
  readonly fingerprint: Buffer;
}

interface CustomerRow {
  readonly customer_id: string;
  readonly name: string;
  readonly plan_code: string;
  readonly plan_credits: string;
  readonly plan_amount: string;
  readonly currency: string;
  readonly rate_card_id: string;
  readonly time_zone: string;
  readonly budgets: unknown;
  readonly status: Customer['status'];
  readonly created_at: string;
  readonly request_fingerprint: Buffer | null;
}

const columns = `customer_id, name, plan_code, plan_credits, plan_amount, currency, rate_card_id, time_zone, budgets, status, created_at,
                 request_fingerprint`;

/** The rows of customers. Every change is told to the other services in the same transaction. */
@Injectable()
export class CustomersStore {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  /** Creates a customer, or finds the one that the same request created before, however long ago. */
  async create(draft: CustomerDraft): Promise<Creation> {
    return this.database.transaction(async (tx) => {
      const row = await this.insert(tx, draft);
      if (row !== undefined) {
        const customer = customerOf(row);
        await this.outbox.add(tx, topics.customers.name, [changed(customer, 1, customer.createdAt)]);
        return { outcome: 'created', customer };
      }
      const [before] = await tx.query<CustomerRow>(
        `SELECT ${columns} FROM customer WHERE idempotency_key = $1`,
        [draft.idempotencyKey],
      );
      if (before?.request_fingerprint?.equals(draft.fingerprint) !== true) return { outcome: 'conflict' };
      return { outcome: 'repeated', customer: customerOf(before) };
    });
  }

  /** A customer, or undefined where there is none of that id. */
  async find(customerId: string): Promise<Customer | undefined> {
    const [row] = await this.database.query<CustomerRow>(
      `SELECT ${columns} FROM customer WHERE customer_id = $1`,
      [customerId],
    );
    return row && customerOf(row);
  }

  /** Customers in the order of their ids, which is that of their creation, from behind `after`. */
  async list({ after, limit }: { readonly after: string; readonly limit: number }): Promise<Customer[]> {
    const rows = await this.database.query<CustomerRow>(
      `SELECT ${columns} FROM customer WHERE customer_id > $1 ORDER BY customer_id LIMIT $2`,
      [after, limit],
    );
    return rows.map(customerOf);
  }

  /** Changes what all keys of a customer may spend together; undefined where there is no such customer. */
  async change(customerId: string, { budgets }: CustomerChange): Promise<Customer | undefined> {
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<CustomerRow & { readonly version: number; readonly changed_at: string }>(
        `UPDATE customer SET budgets = $2, version = version + 1, changed_at = clock_timestamp()
          WHERE customer_id = $1 RETURNING ${columns}, version, changed_at`,
        [customerId, JSON.stringify(budgets)],
      );
      if (row === undefined) return undefined;
      const customer = customerOf(row);
      await this.outbox.add(tx, topics.customers.name, [changed(customer, row.version, row.changed_at)]);
      return customer;
    });
  }

  private async insert(tx: Tx, draft: CustomerDraft): Promise<CustomerRow | undefined> {
    const { creditsPer, code } = draft.plan;
    const [row] = await tx.query<CustomerRow>(
      `INSERT INTO customer (customer_id, name, plan_code, plan_credits, plan_amount, currency, rate_card_id, time_zone, status,
                             version, idempotency_key, request_fingerprint, budgets)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12)
       ON CONFLICT (idempotency_key) DO NOTHING RETURNING ${columns}`,
      [
        newId('cus'),
        draft.name,
        code,
        creditsPer.credits,
        creditsPer.amount,
        draft.currency,
        draft.rateCardId,
        draft.timeZone,
        draft.status,
        draft.idempotencyKey ?? null,
        draft.fingerprint,
        JSON.stringify(draft.budgets),
      ],
    );
    return row;
  }
}

const customerOf = (row: CustomerRow): Customer => ({
  customerId: row.customer_id,
  name: row.name,
  plan: {
    code: row.plan_code,
    unit: 'credit',
    creditsPer: { credits: row.plan_credits, amount: row.plan_amount },
  },
  currency: row.currency,
  rateCardId: row.rate_card_id,
  timeZone: row.time_zone,
  budgets: Budgets.parse(row.budgets),
  status: row.status,
  createdAt: row.created_at,
});

/** The event carries the whole new state; its id counts the changes of one customer. */
function changed(customer: Customer, version: number, changedAt: string): EventOf<typeof CustomerChanged> {
  const { customerId, plan, createdAt: _createdAt, budgets: _budgets, ...rest } = customer;
  return {
    id: `${customerId}:${String(version)}`,
    type: 'CustomerChanged',
    source: 'haoli/gateway',
    time: changedAt,
    subject: customerId,
    data: { ...rest, customerId, plan: { code: plan.code, ...plan.creditsPer }, changedAt },
  };
}
