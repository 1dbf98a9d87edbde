import { Money, Units18 } from '@app/money';
import type { Database } from '@app/persistence';
import { bankAccount } from './stage.ts';
import { type ProviderOrder, type ProviderRefund, providers } from './sandboxes.client.ts';
import type { World } from './world.ts';

/** A rule that is broken, and whose money it is where that is known. */
export interface Finding {
  readonly rule: string;
  readonly detail: string;
  readonly customerId?: string;
}

interface Named {
  readonly detail: string;
  readonly customerId?: string;
}

/** Every rule that must hold once nothing moves any more, looked up in the books of both services and at the providers. */
export async function findings(world: World): Promise<readonly Finding[]> {
  const { ledger, payments } = world.stage.databases;
  const [ofRows, ofCharges, ofProviders] = [
    [...(await broken(payments, paymentsRules)), ...(await broken(ledger, ledgerRules))],
    await chargesFound(world),
    await providersFound(world),
  ];
  return [...ofRows, ...ofCharges, ...ofProviders];
}

/** Each is a query that gives a row for each break. */
const paymentsRules: Readonly<Record<string, string>> = {
  'every order has ended': `SELECT top_up_id || ' is ' || status AS detail, customer_id AS "customerId" FROM top_up
    WHERE status NOT IN ('succeeded', 'closed', 'failed', 'paid_back')`,
  'every question is answered': `SELECT top_up_id || ' ' || reason AS detail FROM top_up_question WHERE resolution IS NULL`,
  'every refund has ended': `SELECT refund_id || ' is ' || status AS detail, customer_id AS "customerId" FROM refund
    WHERE status NOT IN ('succeeded', 'partially_succeeded', 'failed', 'refused')
       OR (status <> 'refused' AND closed_at IS NULL)`,
  'every item has ended': `SELECT item_id || ' is ' || status AS detail, customer_id AS "customerId" FROM refund_item
    WHERE ended_at IS NULL OR status NOT IN ('succeeded', 'failed')`,
  'every payout has left': `SELECT number || ' is ' || status AS detail FROM payout WHERE status IN ('approved', 'filed')`,
  'every pay-back has ended': `SELECT number || ' is ' || status AS detail FROM pay_back WHERE status NOT IN ('paid', 'failed')`,
  'a paid refund is what was paid and given back': `SELECT r.refund_id AS detail, r.customer_id AS "customerId"
    FROM refund r JOIN refund_item i USING (refund_id) WHERE r.closed_at IS NOT NULL GROUP BY r.refund_id
    HAVING r.paid <> coalesce(sum(i.amount) FILTER (WHERE i.status = 'succeeded'), 0)`,
  'an order’s sums are those of its items': `SELECT t.top_up_id AS detail, t.customer_id AS "customerId" FROM top_up t
    LEFT JOIN refund_item i USING (top_up_id) GROUP BY t.top_up_id
    HAVING t.refunding <> 0 OR t.refunded <> coalesce(sum(i.amount) FILTER (WHERE i.status = 'succeeded'), 0)`,
  'no message is parked': `SELECT consumer || ' ' || reason AS detail, subject AS "customerId" FROM parked_message`,
  'all that was told was published': outboxRule(),
};

const ledgerRules: Readonly<Record<string, string>> = {
  'the trial balance is zero': `SELECT currency || ' ' || sum(credit) AS detail FROM (
      SELECT currency, sum(paid) + sum(granted) AS credit FROM book_head GROUP BY currency
      UNION ALL SELECT currency, sum(credit) - sum(debit) FROM account_total GROUP BY currency) x
    GROUP BY currency HAVING sum(credit) <> 0`,
  'a balance is the sum of its postings': `SELECT b.book_id AS detail, b.book_id AS "customerId" FROM book_head b
    LEFT JOIN (SELECT book_id, sum(CASE WHEN credit LIKE 'wallet:%:paid' THEN amount ELSE 0 END)
                             - sum(CASE WHEN debit LIKE 'wallet:%:paid' THEN amount ELSE 0 END) AS paid
                 FROM posting GROUP BY book_id) p USING (book_id) WHERE b.paid <> coalesce(p.paid, 0)`,
  'nobody has less than nothing': `SELECT book_id AS detail, book_id AS "customerId" FROM book_head WHERE paid + granted < held`,
  'every lot adds up': `SELECT top_up_id AS detail, book_id AS "customerId" FROM lot
    WHERE amount <> used + refunded + reserved + remaining OR reserved <> 0`,
  'paid money is what remains of the lots': `SELECT b.book_id AS detail, b.book_id AS "customerId" FROM book_head b
    LEFT JOIN (SELECT book_id, sum(remaining) AS remaining FROM lot GROUP BY book_id) l USING (book_id)
    WHERE b.paid <> coalesce(l.remaining, 0)`,
  'nothing is pending': `SELECT sum(t.credit - t.debit)::text AS detail FROM account_total t JOIN account a ON a.code = t.account
    WHERE a.name = 'refunds:pending' HAVING sum(t.credit - t.debit) <> 0`,
  'no event was posted twice': `SELECT event_id AS detail, min(book_id) AS "customerId" FROM entry
    GROUP BY event_id HAVING count(*) > 1`,
  'no message is parked': `SELECT consumer || ' ' || reason AS detail, subject AS "customerId" FROM parked_message`,
};

function outboxRule(): string {
  return `SELECT count(*) || ' events wait' AS detail FROM outbox o LEFT JOIN outbox_cursor c ON c.source = 'outbox'
    WHERE c.xid IS NULL OR (o.xid, o.id) > (c.xid, c.id) HAVING count(*) > 0`;
}

async function broken(database: Database, rules: Readonly<Record<string, string>>): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [rule, sql] of Object.entries(rules)) {
    const rows = await database.query<Named>(sql);
    found.push(...rows.map((row) => ({ rule, ...row })));
  }
  return found;
}

/** What each customer was charged is what was used of its money, and what still waits for some. */
async function chargesFound({ stage, customers }: World): Promise<Finding[]> {
  const rows = await stage.databases.ledger.query<{ customerId: string; micros: string }>(
    `SELECT book_id AS "customerId", trim_scale(sum(amount) * 1000000)::text AS micros FROM (
       SELECT book_id, used AS amount FROM lot UNION ALL SELECT book_id, amount FROM waiting_charge) x GROUP BY book_id`,
  );
  const known = new Map(rows.map(({ customerId, micros }) => [customerId, micros]));
  return customers.flatMap(({ customerId, chargedMicros }) => {
    const booked = known.get(customerId) ?? '0';
    if (booked === chargedMicros.toString()) return [];
    const detail = `${booked} booked, ${String(chargedMicros)} charged, in millionths`;
    return [{ rule: 'every charge is booked once', detail, customerId }];
  });
}

interface Lot {
  readonly topUpId: string;
  readonly customerId: string;
  readonly amount: string;
  readonly sent: string;
}

/** Payment by payment, and then account by account, the ledger says what the provider says. */
async function providersFound(world: World): Promise<Finding[]> {
  const { ledger, payments } = world.stage.databases;
  const lots = await ledger.query<Lot>(
    `SELECT top_up_id AS "topUpId", book_id AS "customerId", trim_scale(amount)::text AS amount, trim_scale(sent)::text AS sent
       FROM lot`,
  );
  const byPeople = await payments.query<{ topUpId: string; amount: string }>(
    `SELECT top_up_id AS "topUpId", trim_scale(sum(i.amount))::text AS amount FROM refund_item i
       JOIN payout p ON p.subject_id = i.item_id AND p.kind = 'refund-item' AND p.status = 'paid' GROUP BY top_up_id`,
  );
  const paidOut = new Map(byPeople.map(({ topUpId, amount }) => [topUpId, amount]));
  const lotOf = new Map(lots.map((lot) => [lot.topUpId, lot]));
  const found: Finding[] = [];
  for (const provider of providers) {
    const [orders, refunds] = [
      await world.sandboxes.orders(provider),
      await world.sandboxes.refunds(provider),
    ];
    found.push(...ordersFound(orders, refunds, { lotOf, paidOut }));
    found.push(...(await clearingFound(ledger, provider, balanceOf(orders, refunds))));
  }
  return [...found, ...(await clearingFound(ledger, bankAccount.code, await world.sandboxes.bankBalance()))];
}

const gone = (refunds: readonly ProviderRefund[]): number =>
  refunds.reduce((sum, { refund, status }) => sum + (status === 'SUCCESS' ? refund : 0), 0);

/** A trade may have a number before it is paid. */
const isPaid = ({ state }: ProviderOrder): boolean => state === 'SUCCESS' || state === 'REFUND';

const balanceOf = (orders: readonly ProviderOrder[], refunds: readonly ProviderRefund[]): number =>
  orders.reduce((sum, order) => sum + (isPaid(order) ? order.told.total : 0), 0) - gone(refunds);

interface Booked {
  readonly lotOf: ReadonlyMap<string, Lot>;
  readonly paidOut: ReadonlyMap<string, string>;
}

/** What was paid is a lot of the same amount or was sent back whole; what the lot says was sent is what has gone. */
function ordersFound(
  orders: readonly ProviderOrder[],
  refunds: readonly ProviderRefund[],
  { lotOf, paidOut }: Booked,
): Finding[] {
  const refundsOf = Map.groupBy(refunds, ({ outTradeNo }) => outTradeNo);
  return orders.flatMap((order): Finding[] => {
    const { outTradeNo, told } = order;
    const lot = lotOf.get(outTradeNo);
    const back = gone(refundsOf.get(outTradeNo) ?? []);
    if (!isPaid(order))
      return lot
        ? [{ rule: 'nothing is credited that nobody paid', detail: outTradeNo, customerId: lot.customerId }]
        : [];
    if (!lot) return back === told.total ? [] : [{ rule: 'what was paid is not lost', detail: outTradeNo }];
    const paid = yuan(told.total).toText();
    const sent = yuan(back)
      .plus(Money.of(paidOut.get(outTradeNo) ?? '0', 'CNY'))
      .toText();
    if (lot.amount === paid && lot.sent === sent) return [];
    const detail = `${outTradeNo}: ledger ${lot.amount} in, ${lot.sent} out; provider ${paid} in, ${sent} out`;
    return [{ rule: 'a lot is what its provider says', detail, customerId: lot.customerId }];
  });
}

async function clearingFound(ledger: Database, channel: string, fen: number): Promise<Finding[]> {
  const [row] = await ledger.query<{ booked: string }>(
    `SELECT trim_scale(coalesce(sum(t.debit - t.credit), 0))::text AS booked FROM account_total t
       JOIN account a ON a.code = t.account WHERE a.name = $1`,
    [`clearing:${channel}`],
  );
  const booked = row?.booked ?? '0';
  const there = yuan(fen).toText();
  return booked === there
    ? []
    : [{ rule: `clearing:${channel} is what lies there`, detail: `${booked} booked, ${there} there` }];
}

const yuan = (fen: number): Money => Money.ofUnits(Units18.of(BigInt(fen) * 10n ** 16n), 'CNY');
