import { topics } from '@app/contracts';
import { newId } from '@app/persistence';
import { eventually, freePort } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCustomer, anItemPaid, aRefund, aTopUp, type Item } from './events.ts';
import { ledgerService, type ServiceForSpecs } from './service-for-specs.ts';

let ledger: ServiceForSpecs;
let mei: ReturnType<ServiceForSpecs['someone']>;

beforeAll(async () => {
  ledger = await ledgerService('ledger-parked', await freePort(), (environment) =>
    Object.assign(process.env, environment),
  );
  mei = ledger.someone('mei', 'messages:read messages:drive ledger:read');
}, 60_000);
afterAll(() => ledger.close(), 30_000);

/** The id under which an event is parked; it is only after the ledger has waited for the customer. */
const parkedAs = async (eventId: string): Promise<string> =>
  eventually(async () => {
    const { body } = await mei.get('/v1/admin/parked-messages?pageSize=500');
    return (
      (body['messages'] as { id: string; eventId: string }[]).find((one) => one.eventId === eventId)?.id ?? ''
    );
  });

/** Twenty people drive it at the same moment: what each was answered. */
const drivenByAll = async (id: string): Promise<string[]> => {
  const path = `/v1/admin/parked-messages/${id}/drive`;
  const answers = await Promise.all(Array.from({ length: 20 }, () => mei.post(path, {})));
  return answers
    .map(({ status, body }) => `${status.toString()} ${String(body['outcome'] ?? body['code'])}`)
    .sort();
};

const balanceOf = async (customerId: string) => (await mei.get(`/v1/customers/${customerId}/balance`)).body;

describe('a message that the ledger parked', () => {
  it('is a top-up of a customer of whom nobody had told: driven again it is credited once', async () => {
    const [customerId, topUpId] = [newId('cus'), newId('top')];
    await ledger.publish(topics.topUps.name, aTopUp(customerId, topUpId, '50'));
    const id = await parkedAs(`${topUpId}:settled`);
    expect((await mei.post(`/v1/admin/parked-messages/${id}/drive`, {})).body).toMatchObject({
      outcome: 'parked-again',
      message: {
        status: 'parked',
        subject: customerId,
        kind: 'unprocessable',
        reason: expect.stringContaining('unknown-account'),
      },
    });

    await ledger.publish(topics.customers.name, aCustomer(customerId));
    await ledger.entriesReached(customerId, 1);
    const answers = await drivenByAll(id);
    expect(answers.filter((answer) => answer === '200 applied')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('409'))).toHaveLength(19);
    expect(await balanceOf(customerId)).toMatchObject({ paid: '50' });
  }, 90_000);

  it('is the payment of a refund that was not reserved yet: driven again it is entered once', async () => {
    const { customerId, topUpId } = await ledger.wallet('50');
    const refundId = newId('ref');
    const amount = { amount: '20', currency: 'CNY' };
    const item: Item = { itemId: `${refundId}.1`, topUpId, channel: 'wechat-pay', amount };
    await ledger.publish(topics.refunds.name, anItemPaid(customerId, refundId, item));
    const id = await parkedAs(`${refundId}.1:paid`);
    await ledger.publish(topics.refunds.name, aRefund(customerId, refundId, '20'));
    await ledger.announced(`${refundId}:reserved`);
    expect((await drivenByAll(id)).filter((answer) => answer === '200 applied')).toHaveLength(1);
    await ledger.recorded(customerId, `${refundId}.1:paid`);
    expect(await balanceOf(customerId)).toMatchObject({ paid: '30', available: '30' });
  });
});
