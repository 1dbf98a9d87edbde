import type { Stage } from './stage.ts';

/** A refund item that no machine pays. */
export interface WaitingItem {
  readonly itemId: string;
  readonly number: string;
  readonly customerId: string;
}

/** A payment that credits nothing until people decide. */
export interface OpenQuestion {
  readonly topUpId: string;
  readonly providerReference: string;
  readonly customerId: string;
}

type From = Pick<Stage, 'databases'>;

/** Items that wait for people, in the order of their refunds. */
export const waitingItems = ({ databases }: From): Promise<WaitingItem[]> =>
  databases.payments.query<WaitingItem>(
    `SELECT item_id AS "itemId", number, customer_id AS "customerId" FROM refund_item
      WHERE status = 'abnormal' OR (status = 'created' AND check_at IS NULL) ORDER BY created_at, item_id`,
  );

/** Payments that people must look at, in the order of their orders. */
export const openQuestions = ({ databases }: From): Promise<OpenQuestion[]> =>
  databases.payments.query<OpenQuestion>(
    `SELECT top_up_id AS "topUpId", q.provider_reference AS "providerReference", customer_id AS "customerId"
       FROM top_up_question q JOIN top_up USING (top_up_id) WHERE resolution IS NULL ORDER BY created_at, top_up_id`,
  );

/** Payments that a provider did not send back, and that lie in suspense again. */
export const notSentBack = ({ databases }: From): Promise<OpenQuestion[]> =>
  databases.payments.query<OpenQuestion>(
    `SELECT top_up_id AS "topUpId", provider_reference AS "providerReference", s.customer_id AS "customerId"
       FROM (SELECT DISTINCT suspense_id, top_up_id, provider_reference FROM pay_back WHERE status = 'failed') failed
       JOIN suspense s USING (suspense_id) WHERE assigned + going_back + returned < amount ORDER BY received_at, suspense_id`,
  );

/** Payout files of which the statement does not yet say that all of it left. */
export async function unfetchedFiles({ databases }: From): Promise<string[]> {
  const rows = await databases.payments.query<{ fileId: string }>(
    `SELECT DISTINCT file_id AS "fileId" FROM payout WHERE status = 'filed' ORDER BY file_id`,
  );
  return rows.map(({ fileId }) => fileId);
}

/** How many orders were credited, and how many refund items were paid. */
export async function endedWell({
  databases,
}: From): Promise<{ readonly orders: number; readonly refunds: number }> {
  const [row] = await databases.payments.query<{ orders: number; refunds: number }>(
    `SELECT (SELECT count(*) FROM top_up WHERE status = 'succeeded')::int AS orders,
            (SELECT count(*) FROM refund_item WHERE status = 'succeeded')::int AS refunds`,
  );
  return { orders: row?.orders ?? 0, refunds: row?.refunds ?? 0 };
}
