import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSettings } from '@app/config';
import { KafkaEventLog } from '@app/kafka';
import { Database, type Tx } from '@app/persistence';
import { z } from 'zod';
import type { CrashPoint, Instruction } from '../crash-point.ts';

// Loaded by `node --import` before a service's own main.js, which it leaves as it is: gives the service the business
// time of the sandboxes, and kills it at the point that it is told over IPC. Ends it when whoever started it has ended.

type Method = (this: unknown, ...given: never[]) => unknown;
type Class = { readonly prototype: Record<string, Method> };

const calls = ['create', 'query', 'close', 'refund', 'queryRefund', 'read'];
const channels = ['channels/wechat-pay/wechat-pay.client.js', 'channels/alipay/alipay.client.js'];
const isPayments = process.argv[1]?.includes(join('apps', 'payments')) === true;

const { SIMULATION_AHEAD_SECONDS } = readSettings(
  z.object({ SIMULATION_AHEAD_SECONDS: z.coerce.number().default(0) }),
);
let aheadSeconds = SIMULATION_AHEAD_SECONDS;
let dieAt: CrashPoint | undefined;

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

process.on('message', (told: Instruction) => {
  if (told.aheadSeconds !== undefined) ({ aheadSeconds } = told);
  if (told.dieAt !== undefined) ({ dieAt } = told);
  process.send?.('understood');
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
process.channel?.unref();

killBesideCommits();
killBesidePublishing();
if (isPayments) await underTheSimulationsTime();

/** Runs `work` and dies before or after it, where this is the point. */
async function beside<Value>(
  isHere: (point: CrashPoint) => boolean,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  if (dieAt?.moment === 'before' && isHere(dieAt)) die();
  const value = await work();
  if (dieAt?.moment === 'after' && isHere(dieAt)) die();
  return value;
}

function killBesideCommits(): void {
  const original = Object.getOwnPropertyDescriptor(Database.prototype, 'transaction')
    ?.value as Database['transaction'];
  Database.prototype.transaction = async function <Result>(
    this: Database,
    work: (tx: Tx) => Promise<Result>,
  ) {
    const ran: string[] = [];
    const isHere = (point: CrashPoint) =>
      point.kind === 'write' && ran.some((sql) => sql.includes(point.sql));
    const result = await original.call(this, async (tx: Tx) => {
      const watched: Tx = {
        ...tx,
        query: (sql, values) => {
          ran.push(typeof sql === 'string' ? sql : sql.text);
          return tx.query(sql, values);
        },
      };
      const outcome = await work(watched);
      if (dieAt?.moment === 'before' && isHere(dieAt)) die();
      return outcome;
    });
    if (dieAt?.moment === 'after' && isHere(dieAt)) die();
    return result as Result;
  };
}

function killBesidePublishing(): void {
  const original = Object.getOwnPropertyDescriptor(KafkaEventLog.prototype, 'publish')
    ?.value as KafkaEventLog['publish'];
  KafkaEventLog.prototype.publish = function (topic, events) {
    const types = events.map(({ headers }) => headers['ce_type']);
    const isHere = (point: CrashPoint) =>
      point.kind === 'publish' && types.some((type) => type?.includes(point.event) === true);
    return beside(isHere, () => original.call(this, topic, events));
  };
}

/** The classes of payments are found by path: no program of ours imports another's sources. */
async function underTheSimulationsTime(): Promise<void> {
  const { SystemClock } = await loaded('clock.js');
  if (SystemClock) SystemClock.prototype['now'] = () => new Date(Date.now() + aheadSeconds * 1000);
  for (const path of channels) {
    for (const client of Object.values(await loaded(path))) {
      for (const name of calls) killBesideCall(client, name);
    }
  }
}

function killBesideCall({ prototype }: Class, name: string): void {
  const original = prototype[name];
  if (!original) return;
  const isHere = (point: CrashPoint) => point.kind === 'call' && point.name === name;
  prototype[name] = function (this: unknown, ...given: never[]) {
    if (dieAt?.moment === 'before' && isHere(dieAt)) die();
    const value = original.apply(this, given);
    if (!(value instanceof Promise)) return value;
    return value.then((answer: unknown) =>
      beside(
        (point) => point.moment === 'after' && isHere(point),
        () => answer,
      ),
    );
  };
}

async function loaded(path: string): Promise<Record<string, Class>> {
  const file = join(process.cwd(), 'dist/apps/payments/src', path);
  return (await import(pathToFileURL(file).href)) as Record<string, Class>;
}
