import { testServers, topicPrefix } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CrashPoint } from '../src/simulation/crash-point.ts';
import { payOutFile, payOutWaiting, takeInStatement } from '../src/simulation/finance.ts';
import { findings } from '../src/simulation/findings.store.ts';
import { openQuestions } from '../src/simulation/matters.store.ts';
import { comeToRest } from '../src/simulation/quiet.ts';
import { Stage } from '../src/simulation/stage.ts';
import { type SimulatedCustomer, World } from '../src/simulation/world.ts';

let stage: Stage;
let world: World;

beforeAll(async () => {
  stage = await Stage.open({ ...testServers(), prefix: topicPrefix() });
  world = new World(stage, 1);
}, 300_000);
afterAll(async () => {
  await stage.close();
}, 60_000);

const call = (name: string) => (moment: CrashPoint['moment']) => ({ kind: 'call', name, moment }) as const;
const write = (sql: string) => (moment: CrashPoint['moment']) => ({ kind: 'write', sql, moment }) as const;
const publishing = (event: string) => (moment: CrashPoint['moment']) =>
  ({ kind: 'publish', event, moment }) as const;

async function customer(): Promise<SimulatedCustomer> {
  await world.join();
  const joined = world.customers.at(-1);
  if (!joined) throw new Error('nobody joined');
  return joined;
}

/** The customer insists until there is an order, and pays it. */
async function paysBy(channel: 'wechat-pay' | 'alipay', { customerId }: SimulatedCustomer): Promise<void> {
  const key = world.id('key');
  const ask = () => world.payments.startTopUp({ customerId, channel, amount: '50', currency: 'CNY' }, key);
  const order = await until(async () => ((await ask())?.ok === true ? ask() : undefined));
  const topUpId = String(order.body['topUpId']);
  await until(async () => {
    const known = (await world.sandboxes.orders(channel)).find(({ outTradeNo }) => outTradeNo === topUpId);
    return known;
  });
  expect(await world.sandboxes.pay(channel, topUpId, false)).toBe(true);
}

async function wantsItBack({ customerId }: SimulatedCustomer): Promise<void> {
  const key = world.id('key');
  await until(() => world.payments.requestRefund({ customerId, closeOut: true }, key));
}

async function transfers({ name, code }: SimulatedCustomer): Promise<void> {
  await world.sandboxes.transfer({
    fen: 8_800,
    partyName: name,
    partyAccount: '6217000000000001',
    memo: code,
  });
  await takeInStatement(world);
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 0; tries < 600; tries += 1) {
    const value = await look();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('It never came.');
}

interface Play {
  /** What happens before anybody dies. */
  readonly before: (one: SimulatedCustomer) => Promise<void>;
  /** What payments dies in. */
  readonly during: (one: SimulatedCustomer) => Promise<void>;
  /** Where it dies in every run: each kind of point, and each way of money, once. */
  readonly always: readonly CrashPoint[];
  /** Where it dies in `npm run check:crashes` as well. */
  readonly more: readonly CrashPoint[];
}

const nothing = () => Promise.resolve();
const both = (...places: readonly ((moment: CrashPoint['moment']) => CrashPoint)[]): CrashPoint[] =>
  places.flatMap((place) => [place('before'), place('after')]);

const plays: Readonly<Record<string, Play>> = {
  'a top-up by WeChat Pay': {
    before: nothing,
    during: (one) => paysBy('wechat-pay', one),
    always: [call('create')('after'), publishing('TopUpSettled')('before')],
    more: [
      ...[call('create')('before'), publishing('TopUpSettled')('after')],
      ...[write('INTO top_up ')('after'), write('UPDATE top_up ')('before')],
      ...both(write('INTO provider_notification')),
    ],
  },
  'a top-up by Alipay': {
    before: nothing,
    during: (one) => paysBy('alipay', one),
    always: [write('INTO provider_notification')('before')],
    more: [call('create')('after')],
  },
  'a refund by WeChat Pay': {
    before: (one) => paysBy('wechat-pay', one),
    during: wantsItBack,
    always: [write('UPDATE refund_item')('before')],
    more: [
      ...[...both(call('refund')), write('UPDATE refund_item')('after')],
      ...[write('INTO refund ')('after'), publishing('RefundRequested')('after')],
      ...[write('INTO refund_item')('after'), publishing('RefundItemPaid')('after')],
    ],
  },
  'a refund by Alipay': {
    before: (one) => paysBy('alipay', one),
    during: wantsItBack,
    always: [],
    more: [call('refund')('after')],
  },
  'a payout by bank': {
    before: transfers,
    during: async (one) => {
      await wantsItBack(one);
      await until(async () => (await hasPayouts()) || (await planned()) || undefined);
      await until(async () => {
        await payOutFile(world);
        await takeInStatement(world);
        return (await findings(world)).some(({ rule }) => rule === 'every payout has left')
          ? undefined
          : true;
      });
    },
    always: [write("UPDATE payout SET status = 'paid'")('after')],
    more: [
      ...[write('INTO payout ')('after'), write('INTO payout_file')('after')],
      write("UPDATE payout SET status = 'paid'")('before'),
    ],
  },
  'a payment that is sent back': {
    before: nothing,
    during: async (one) => {
      await world.sandboxes.fault('wechat-pay', { fault: 'wrongAmount', on: 'notification', value: 7 });
      await paysBy('wechat-pay', one);
      const question = await until(async () => (await openQuestions(stage))[0]);
      await until(() => world.payments.decide({ ...asked(question), resolution: 'pay-back' }));
    },
    always: [call('refund')('after')],
    more: [write('INTO pay_back')('after'), call('refund')('before'), write('UPDATE pay_back')('before')],
  },
};

const asked = ({ topUpId, providerReference }: { topUpId: string; providerReference: string }) => ({
  ...{ kind: 'resolve-payment', topUpId, providerReference },
});

async function hasPayouts(): Promise<boolean> {
  const rows = await stage.databases.payments.query(`SELECT 1 FROM payout WHERE status <> 'paid'`);
  return rows.length > 0;
}

async function planned(): Promise<boolean> {
  await payOutWaiting(world);
  return hasPayouts();
}

const isLong = process.env['HAOLI_CRASHES'] === 'all';
const cases = Object.entries(plays).flatMap(([name, { always, more }]) =>
  (isLong ? [...always, ...more] : always).map((point) => {
    const { kind, moment, ...where } = point;
    return { name, point, where: `${moment} ${kind} ${Object.values(where).join('')}` };
  }),
);

describe('payments, killed', () => {
  it.each(cases)(
    'in $name, $where, loses nothing and pays nothing twice',
    async ({ name, point }) => {
      const play = plays[name];
      const one = await customer();
      await play?.before(one);
      expect(await comeToRest(world)).toEqual([]);
      const { restarts } = stage.services.payments;
      await stage.services.payments.dieAt(point);
      await play?.during(one);
      expect(await comeToRest(world)).toEqual([]);
      expect(stage.services.payments.restarts).toBe(restarts + 1);
    },
    120_000,
  );
});
