import { setTimeout as pause } from 'node:timers/promises';
import { payOutFile, payOutWaiting, resolveQuestions, takeInStatement } from './finance.ts';
import { type Finding, findings } from './findings.store.ts';
import { providers } from './sandboxes.client.ts';
import type { World } from './world.ts';

const roundsMax = 40;
/** What has not changed for so long waits for something that a further round does. */
const stillForMs = 800;
const betweenLooksMs = 100;

/**
 * Lets everything that was begun come to its end: no more faults, providers end their refunds, people do their part, days
 * pass. Gives the rules that are broken then.
 */
export async function comeToRest(world: World): Promise<readonly Finding[]> {
  await world.stage.ready();
  await world.sandboxes.clearFaults();
  world.note('everything comes to rest');
  let found: readonly Finding[] = [];
  for (let round = 0; round < roundsMax; round += 1) {
    await world.again();
    await tellTheLost(world);
    await endRefunds(world);
    await resolveQuestions(world);
    await payOutWaiting(world);
    await payOutFile(world);
    await takeInStatement(world);
    await world.advance(7_200);
    found = await settled(world);
    if (found.length === 0) return found;
  }
  return found;
}

/** Looks until every rule holds, or nothing changes any more. */
async function settled(world: World): Promise<readonly Finding[]> {
  let [before, since] = ['', performance.now()];
  for (;;) {
    await world.stage.ready();
    const found = world.intents.length > 0 ? [unanswered] : await findings(world);
    if (found.length === 0) return found;
    const now = JSON.stringify(found);
    if (now !== before) [before, since] = [now, performance.now()];
    if (performance.now() - since > stillForMs) return found;
    await pause(betweenLooksMs);
  }
}

const unanswered: Finding = { rule: 'every request is answered', detail: 'payments has not answered' };

/** A payment of a closed order whose notification was lost is in the daily bill alone, which this stands for. */
async function tellTheLost(world: World): Promise<void> {
  for (const provider of providers) {
    for (const id of await world.sandboxes.notificationIds(provider, 'unsent'))
      await world.sandboxes.tellAgain(provider, id, 1);
  }
}

async function endRefunds(world: World): Promise<void> {
  for (const provider of providers) {
    for (const { outRefundNo, status } of await world.sandboxes.refunds(provider)) {
      const isOpen = status === 'PROCESSING' || status === 'ABNORMAL';
      if (isOpen && !world.byPeople.has(outRefundNo))
        await world.sandboxes.endRefund(provider, outRefundNo, 'complete');
    }
  }
}
