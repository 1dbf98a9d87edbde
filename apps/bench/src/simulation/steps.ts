import { Units18 } from '@app/money';
import type { CrashPoint } from './crash-point.ts';
import { faults } from './faults.ts';
import { payOutFile, payOutWaiting, resolveQuestions, takeInStatement } from './finance.ts';
import { providers } from './sandboxes.client.ts';
import type { World } from './world.ts';

/** One step of the simulation, by its name. */
type Step = (world: World) => Promise<void>;

const yuan = (fen: number): string =>
  `${String(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;

/** What may happen, and how often, relative to the rest. */
export const weights = {
  topUp: 24,
  pay: 24,
  charge: 20,
  refund: 8,
  endRefund: 10,
  transfer: 4,
  statement: 2,
  people: 2,
  tellAgain: 4,
  advance: 6,
  again: 3,
  fault: 8,
  kill: 0.4,
  killAtPoint: 0.6,
} as const;
export type StepName = keyof typeof weights;

export const steps: Readonly<Record<StepName, Step>> = {
  topUp: async (world) => {
    const { chance } = world;
    const { customerId } = chance.one(world.customers);
    const [provider, amount] = [chance.one(providers), yuan(chance.whole(100, 50_000))];
    const key = world.id('key');
    world.note(`orders ${amount} by ${provider}`, customerId);
    await world.insist(async () => {
      const said = await world.payments.startTopUp(
        { customerId, channel: provider, amount, currency: 'CNY' },
        key,
      );
      if (said?.ok === true)
        world.orders.push({ provider, customerId, topUpId: String(said.body['topUpId']) });
      return said !== undefined;
    });
  },
  pay: async (world) => {
    if (world.orders.length === 0) return;
    const order = world.chance.one(world.orders);
    const late = world.chance.next() < 0.1;
    world.note(`pays ${order.topUpId}${late ? ', late' : ''}`, order.customerId);
    if (await world.sandboxes.pay(order.provider, order.topUpId, late))
      world.orders = world.orders.filter((one) => one !== order);
  },
  charge: async (world) => {
    const customer = world.chance.one(world.customers);
    const micros = BigInt(world.chance.whole(1, 30_000_000));
    const { customerId } = customer;
    const callId = world.id('call');
    const amount = Units18.toText(Units18.of(micros * 10n ** 12n));
    const time = new Date().toISOString();
    world.note(`is charged ${amount} for ${callId}`, customerId);
    customer.chargedMicros += micros;
    const charge = { amount, currency: 'CNY' };
    await world.publish('rated', {
      ...{ id: `${callId}:rated`, type: 'UsageRated', source: 'haoli/metering', time, subject: customerId },
      data: {
        ...{
          callId,
          customerId,
          keyId: null,
          holdId: null,
          model: 'gpt-5.5',
          priceVersionId: 'prv_simulated',
        },
        ...{ occurredAt: time, charge },
        lines: [{ kind: 'input', quantity: 1, unitPrice: amount, per: '1', amount }],
      },
    });
  },
  refund: async (world) => {
    const { customerId } = world.chance.one(world.customers);
    const isWhole = world.chance.next() < 0.3;
    const asked = isWhole
      ? { closeOut: true }
      : { closeOut: false, amount: yuan(world.chance.whole(1, 20_000)), currency: 'CNY' };
    const key = world.id('key');
    world.note(`wants back ${JSON.stringify(asked)}`, customerId);
    await world.insist(
      async () => (await world.payments.requestRefund({ customerId, ...asked }, key)) !== undefined,
    );
  },
  endRefund: async (world) => {
    const provider = world.chance.one(providers);
    const open = (await world.sandboxes.refunds(provider)).filter(
      ({ status, outRefundNo }) => status === 'PROCESSING' && !world.byPeople.has(outRefundNo),
    );
    const how = world.chance.weighted({ complete: 10, close: 1, abnormal: 1 });
    const refund = open[0] && world.chance.one(open);
    if (!refund) return;
    world.note(`${provider} ends ${refund.outRefundNo}: ${how}`);
    await world.sandboxes.endRefund(provider, refund.outRefundNo, how);
  },
  transfer: async (world) => {
    const { customerId, name, code } = world.chance.one(world.customers);
    const memo = world.chance.weighted({ [code]: 8, nothing: 1 });
    const partyName = world.chance.next() < 0.9 ? name : '某人';
    const fen = world.chance.whole(100, 200_000);
    world.note(`transfers ${yuan(fen)} as ${partyName}: ${memo}`, customerId);
    await world.sandboxes.transfer({ fen, partyName, partyAccount: '6217000000000001', memo });
  },
  statement: (world) => takeInStatement(world),
  people: async (world) => {
    await resolveQuestions(world);
    await payOutWaiting(world);
    await payOutFile(world);
  },
  tellAgain: async (world) => {
    const provider = world.chance.one(providers);
    const ids = await world.sandboxes.notificationIds(provider);
    const copies = world.chance.whole(1, 5);
    if (ids.length === 0) return;
    const id = world.chance.one(ids);
    world.note(`${provider} tells ${id} ${String(copies)} times more`);
    await world.sandboxes.tellAgain(provider, id, copies);
  },
  advance: async (world) => {
    const seconds = Number(world.chance.weighted({ 2: 6, 15: 4, 61: 4, 400: 2, 4_000: 1 }));
    world.note(`${String(seconds)} seconds pass`);
    await world.advance(seconds);
  },
  again: (world) => world.again(),
  fault: async (world) => {
    const provider = world.chance.one(providers);
    const fault = world.chance.one(faults[provider]);
    world.note(`${provider} will fail: ${JSON.stringify(fault)}`);
    await world.sandboxes.fault(provider, fault);
  },
  kill: async (world) => {
    const who = world.chance.weighted({ payments: 2, ledger: 1 });
    world.note(`${who} is killed`);
    await world.stage.services[who].kill();
  },
  killAtPoint: async (world) => {
    const point = world.chance.one(crashPoints);
    world.note(`payments will be killed at ${JSON.stringify(point)}`);
    await world.stage.services.payments.dieAt(point);
  },
};

const beside = (point: object): CrashPoint[] =>
  (['before', 'after'] as const).map((moment) => ({ ...point, moment }) as CrashPoint);

/** Between order, provider call, commit and publish: every point at which payments may die. */
export const crashPoints: readonly CrashPoint[] = [
  ...['create', 'refund', 'queryRefund', 'read'].flatMap((name) => beside({ kind: 'call', name })),
  ...[
    ...['INTO top_up ', 'UPDATE top_up ', 'INTO refund ', 'INTO refund_item', 'UPDATE refund_item'],
    ...[
      'INTO provider_attempt',
      'INTO provider_notification',
      'INTO outbox',
      'INTO payout',
      'INTO bank_line',
    ],
    ...['UPDATE payout', 'INTO pay_back', 'UPDATE pay_back', 'INTO proposal_decision', 'INTO payout_file'],
  ].flatMap((sql) => beside({ kind: 'write', sql })),
  ...['TopUpSettled', 'RefundRequested', 'RefundItemPaid', 'RefundItemFailed', 'SuspenseReceived'].flatMap(
    (event) => beside({ kind: 'publish', event }),
  ),
];
