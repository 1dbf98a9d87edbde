import type { HttpAnswer, Payments } from './payments-process.ts';

/** Who takes statements in and reads; who proposes; who approves. */
export const finance = { scope: 'payments:read payments:write', subject: 'fiona' };
export const maker = { scope: 'adjustments:request', subject: 'mei' };
export const checker = { scope: 'adjustments:approve', subject: 'chen' };

type Person = Parameters<Payments['call']>[1];
type Door = Pick<Payments, 'call'>;

/** Somebody proposes; gives how another decides it, by the hash of exactly these bytes. */
export async function proposed(payments: Door, action: object, by: Person = maker) {
  const { status, body } = await payments.call('/v1/proposals', by, { action, reason: 'as the papers say' });
  if (status !== 201) throw new Error(`Nobody may propose that: ${JSON.stringify(body)}`);
  const path = `/v1/proposals/${String(body['proposalId'])}/decision`;
  const { payloadSha256 } = body;
  return (verdict = 'approved', decidedBy: Person = checker): Promise<HttpAnswer> =>
    payments.call(path, decidedBy, { verdict, payloadSha256 });
}

/** One person proposes, another decides; gives what the decision was answered. */
export const decided = async (payments: Door, action: object, verdict?: string): Promise<HttpAnswer> =>
  (await proposed(payments, action))(verdict);
