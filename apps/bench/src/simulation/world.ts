import { setTimeout as pause } from 'node:timers/promises';
import { type Event, encodeEvent, topics } from '@app/contracts';
import { Chance } from './chance.ts';
import { Payments } from './payments.client.ts';
import { type Provider, Sandboxes } from './sandboxes.client.ts';
import type { Stage } from './stage.ts';

/** A customer of the simulation, and the charges that were published for it, in millionths of a yuan. */
export interface SimulatedCustomer {
  readonly customerId: string;
  readonly name: string;
  readonly code: string;
  chargedMicros: bigint;
}

/** An order that payments has answered. */
export interface SimulatedOrder {
  readonly provider: Provider;
  readonly topUpId: string;
  readonly customerId: string;
}

/** Something that is done again until an answer says that it was. Gives true then. */
export type Intent = () => Promise<boolean>;

/** One line of history: what was done, and to whom; to everybody where nobody is named. */
export interface Deed {
  readonly step: number;
  readonly text: string;
  readonly customerId?: string;
}

/** All that the simulation knows apart from the books. */
export class World {
  /** Of this step alone, so that what a process did never changes what happens later. */
  chance: Chance;
  readonly sandboxes: Sandboxes;
  readonly payments: Payments;
  readonly customers: SimulatedCustomer[] = [];
  /** Orders that nobody has paid yet. */
  orders: SimulatedOrder[] = [];
  intents: Intent[] = [];
  /** Items that people pay by bank, so that nobody lets the provider pay them as well. */
  readonly byPeople = new Set<string>();
  deeds: Deed[] = [];
  step = 0;
  private made = 0;
  private aheadSeconds = 0;

  constructor(
    readonly stage: Stage,
    readonly seed: number,
  ) {
    this.chance = new Chance(seed);
    this.sandboxes = new Sandboxes(stage.ports);
    this.payments = new Payments(stage);
  }

  /** The next step begins, with the chance that follows from the seed and its number. */
  beginStep(): void {
    this.step += 1;
    this.chance = new Chance(this.seed ^ Math.imul(this.step, 0x9e3779b1));
  }

  note(text: string, customerId?: string): void {
    this.deeds.push({ step: this.step, text, ...(customerId === undefined ? {} : { customerId }) });
  }

  /** A name that no other thing of this run has. */
  id(kind: string): string {
    this.made += 1;
    return `${kind}_sim${String(this.made).padStart(8, '0')}`;
  }

  /** Time passes for payments, the providers and the bank. */
  async advance(seconds: number): Promise<void> {
    this.aheadSeconds += seconds;
    await this.stage.services.payments.moveTo(this.aheadSeconds);
    await this.sandboxes.advance(seconds);
  }

  /** Does it now; what nobody knows to be done is done again later, with the same key. */
  async insist(intent: Intent): Promise<void> {
    if (!(await intent())) this.intents.push(intent);
  }

  /** Does again what is not known to be done, in its order. */
  async again(): Promise<void> {
    const waiting = this.intents;
    this.intents = [];
    for (const intent of waiting) await this.insist(intent);
  }

  /** A customer as the gateway tells of it, with the name of its account verified by two people. */
  async join(): Promise<void> {
    const customerId = this.id('cus');
    const name = `模拟${customerId.slice(-4)}有限公司`;
    const time = new Date().toISOString();
    await this.publish('customers', {
      ...{
        id: `${customerId}:1`,
        type: 'CustomerChanged',
        source: 'haoli/gateway',
        time,
        subject: customerId,
      },
      data: {
        ...{ customerId, name, plan: { code: 'usd-credit', credits: '1', amount: '7.14' }, currency: 'CNY' },
        ...{ rateCardId: 'standard', timeZone: 'Asia/Shanghai', status: 'active', changedAt: time },
      },
    });
    const code = await untilSaid(() => this.payments.remittanceCode(customerId));
    await untilSaid(async () => {
      const said = await this.payments.decide({ kind: 'verify-company', customerId, name });
      return said?.ok === true || undefined;
    });
    this.customers.push({ customerId, name, code, chargedMicros: 0n });
  }

  publish(topic: 'customers' | 'rated', event: Event): Promise<void> {
    const { name } = topics[topic];
    return this.stage.events.publish(name, [encodeEvent(name, event)]);
  }
}

const triesMax = 60;

/** Asks until there is an answer: a busy machine is no fault of payments. */
async function untilSaid<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 1; tries < triesMax; tries += 1) {
    const said = await ask();
    if (said !== undefined) return said;
    await pause(500);
  }
  throw new Error('Payments does not answer.');
}
