import { topics } from '@app/contracts';
import { KafkaEventLog } from '@app/kafka';
import { newId } from '@app/persistence';
import { closeGrpc } from '@app/transport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../src/eventually.ts';
import { Customers } from './customers.ts';
import { runningPlatform, type RunningPlatform } from './running-platform.ts';

let platform: RunningPlatform;
let people: Customers;
let kafka: KafkaEventLog;

beforeAll(async () => {
  platform = await runningPlatform('parked');
  people = new Customers(platform);
  kafka = new KafkaEventLog({
    ...{ clientId: 'flow', groupId: 'flow', partitions: 3, replicas: 1 },
    brokers: people.setting('KAFKA_BROKERS').split(','),
    topicPrefix: people.setting('KAFKA_TOPIC_PREFIX'),
  });
}, 180_000);
afterAll(async () => {
  await kafka.close(1_000);
  closeGrpc(people.ledger);
  await platform.stop();
}, 60_000);

interface Parked {
  readonly id: string;
  readonly key: string;
  readonly status: string;
  readonly deeds: readonly { readonly id: string; readonly action: string; readonly actor: string }[];
}

/** The door of each service, as it is reached through the gateway, and a topic that the service reads. */
const doors = [
  ['gateway', '/v1/admin/parked-messages', topics.prices.name],
  ['metering', '/api/metering/v1/admin/parked-messages', topics.usage.name],
  ['ledger', '/api/ledger/v1/admin/parked-messages', topics.topUps.name],
  ['payments', '/api/payments/v1/admin/parked-messages', topics.ledgerRefunds.name],
] as const;

describe.each(doors)('bytes of a stranger on a topic that %s reads', (_service, door, topic) => {
  it('are parked, shown, parked again when they are driven, and discarded by two clients of finance', async () => {
    const [maker, checker] = await Promise.all(
      ['FINANCE_MAKER', 'FINANCE_CHECKER'].map((name) => people.tokensOf(name).bearer()),
    );
    const ask = async (path: string, token = maker, body?: object) =>
      (await people.ask(`${door}${path}`, token, body)).body;
    const key = newId('cus');
    await kafka.publish(topic, [{ key, headers: {}, value: 'no event' }]);
    const found = await eventually(async () => {
      const { messages } = (await ask('?kind=rejected&pageSize=500')) as unknown as { messages: Parked[] };
      return messages.find((one) => one.key === key);
    });
    const id = found?.id ?? '';
    expect(await ask(`/${id}`)).toMatchObject({ payload: 'no event', topic, status: 'parked' });
    expect(await ask(`/${id}/drive`, maker, {})).toMatchObject({ outcome: 'parked-again' });
    const reason = 'Nobody of ours wrote it, ticket 17.';
    const proposed = (await ask(`/${id}/discard`, maker, { reason })) as unknown as Parked;
    const proposal = proposed.deeds.at(-1)?.id;
    const decision = { proposal, verdict: 'approved' };
    // Who may propose may not decide.
    expect(await ask(`/${id}/discard/decision`, maker, decision)).toMatchObject({ status: 403 });
    const ended = (await ask(`/${id}/discard/decision`, checker, decision)) as unknown as Parked;
    expect(ended.status).toBe('discarded');
    expect(new Set(ended.deeds.map(({ actor }) => actor)).size).toBe(2);
  });
});
