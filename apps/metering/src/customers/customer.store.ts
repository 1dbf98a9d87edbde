import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Customer } from './customer.ts';

interface Row {
  readonly customer_id: string;
  readonly plan_code: string;
  readonly plan_credits: string;
  readonly plan_amount: string;
  readonly currency: string;
  readonly rate_card: string;
  readonly time_zone: string;
  readonly status: string;
  readonly changed_at: string;
}

const columns = `customer_id, plan_code, trim_scale(plan_credits)::text AS plan_credits,
  trim_scale(plan_amount)::text AS plan_amount, currency, rate_card, time_zone, status, changed_at`;

/** The newest state of each customer. Customers are never removed. */
@Injectable()
export class CustomerStore {
  /** Ids that were seen in the database. */
  private readonly seen = new Set<string>();

  constructor(private readonly database: Database) {}

  /** Keeps the newest state of each of these customers; an older one than is kept changes nothing. */
  async keep(tx: Tx, customers: readonly Customer[]): Promise<void> {
    const newest = [...new Map(customers.map((customer) => [customer.customerId, customer])).values()];
    await tx.query(
      `INSERT INTO customer
         (customer_id, plan_code, plan_credits, plan_amount, currency, rate_card, time_zone, status, changed_at)
       SELECT "customerId", plan->>'code', (plan->>'credits')::numeric, (plan->>'amount')::numeric, currency,
              "rateCardId", "timeZone", status, "changedAt"
         FROM json_to_recordset($1::json) AS row ("customerId" text, plan json, currency text, "rateCardId" text,
              "timeZone" text, status text, "changedAt" timestamptz)
        ORDER BY "customerId"
       ON CONFLICT (customer_id) DO UPDATE SET
         plan_code = excluded.plan_code, plan_credits = excluded.plan_credits, plan_amount = excluded.plan_amount,
         currency = excluded.currency, rate_card = excluded.rate_card, time_zone = excluded.time_zone,
         status = excluded.status, changed_at = excluded.changed_at
       WHERE customer.changed_at <= excluded.changed_at`,
      [JSON.stringify(newest)],
    );
  }

  /** The customers with these ids. */
  async byId(tx: Pick<Tx, 'query'>, ids: Iterable<string>): Promise<ReadonlyMap<string, Customer>> {
    const rows = await tx.query<Row>(`SELECT ${columns} FROM customer WHERE customer_id = ANY($1)`, [
      [...new Set(ids)],
    ]);
    return new Map(rows.map((row) => [row.customer_id, customerOf(row)]));
  }

  /** One customer, or undefined where nobody of that id was announced. */
  async find(customerId: string): Promise<Customer | undefined> {
    return (await this.byId(this.database, [customerId])).get(customerId);
  }

  /** Which of these ids name a customer. Asks the database only for ids that it did not see before. */
  async knownOf(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const wanted = [...new Set(ids)];
    const unseen = wanted.filter((id) => !this.seen.has(id));
    if (unseen.length > 0) {
      for (const id of (await this.byId(this.database, unseen)).keys()) this.seen.add(id);
    }
    return new Set(wanted.filter((id) => this.seen.has(id)));
  }
}

function customerOf(row: Row): Customer {
  return {
    customerId: row.customer_id,
    plan: { code: row.plan_code, credits: row.plan_credits, amount: row.plan_amount },
    currency: row.currency,
    rateCardId: row.rate_card,
    timeZone: row.time_zone,
    status: row.status,
    changedAt: row.changed_at,
  };
}
