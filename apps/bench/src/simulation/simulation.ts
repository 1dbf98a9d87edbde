import type { Finding } from './findings.store.ts';
import { endedWell } from './matters.store.ts';
import { comeToRest } from './quiet.ts';
import type { Stage } from './stage.ts';
import { type StepName, steps, weights } from './steps.ts';
import { type Deed, World } from './world.ts';

/** How a run is made. */
export interface Wanted {
  readonly steps: number;
  readonly seed: number;
  readonly customers: number;
  /** After so many steps everything comes to rest and is looked through. */
  readonly between: number;
}

/** What a run came to. */
export interface Ended {
  readonly broken: readonly Finding[];
  /** What led to the first break: what was done to its customer, and to everybody meanwhile. */
  readonly history: readonly Deed[];
  readonly orders: number;
  readonly refunds: number;
  readonly restarts: number;
}

/** Plays customers, providers, people and crashes by chance; rests now and then, and stops at the first broken rule. */
export async function simulate(stage: Stage, wanted: Wanted, tell: (line: string) => void): Promise<Ended> {
  const world = new World(stage, wanted.seed);
  for (let index = 0; index < wanted.customers; index += 1) await world.join();
  let broken: readonly Finding[] = [];
  while (world.step < wanted.steps && broken.length === 0) {
    const until = Math.min(world.step + wanted.between, wanted.steps);
    while (world.step < until) {
      await oneStep(world);
      if (world.chance.whole(0, blindStepsMax) === 0) await stage.ready();
    }
    broken = await comeToRest(world);
    tell(`${String(world.step)} of ${String(wanted.steps)} steps: ${await countedText(world)}`);
    // Where it held, what led here explains nothing that comes later.
    if (broken.length === 0) world.deeds = [];
  }
  return { broken, history: historyOf(world.deeds, broken[0]), ...(await counted(world)) };
}

/** After a crash a few steps find nobody there; then the rest waits, so that a run is more than waiting. */
const blindStepsMax = 4;

/** One step by chance; `among` leaves out what is not to happen. */
export async function oneStep(
  world: World,
  among: Readonly<Partial<Record<StepName, number>>> = weights,
): Promise<void> {
  world.beginStep();
  const { chance } = world;
  const name = chance.weighted(among as Record<StepName, number>);
  try {
    await steps[name](world);
  } catch (error) {
    throw new Error(`Step ${String(world.step)}, ${name}, could not be done.`, { cause: error });
  }
}

/** The shortest history that explains it: its customer's deeds, and those of nobody in particular since their first. */
function historyOf(deeds: readonly Deed[], first: Finding | undefined): readonly Deed[] {
  const customerId = first?.customerId;
  if (customerId === undefined) return deeds;
  const begins = deeds.findIndex((deed) => deed.customerId === customerId);
  return deeds.slice(Math.max(0, begins)).filter((deed) => (deed.customerId ?? customerId) === customerId);
}

async function counted({ stage }: World) {
  const { payments, ledger } = stage.services;
  return { ...(await endedWell(stage)), restarts: payments.restarts + ledger.restarts };
}

async function countedText(world: World): Promise<string> {
  const { orders, refunds, restarts } = await counted(world);
  return `${String(orders)} payments credited, ${String(refunds)} refund items paid, ${String(restarts)} crashes`;
}
