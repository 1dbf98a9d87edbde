import type { World } from './world.ts';
import { notSentBack, openQuestions, unfetchedFiles, waitingItems } from './matters.store.ts';
import { bankAccount } from './stage.ts';

/** A bank numbers what it gives in one format; each run has a bank with another one. */
const formats = ['camt.053.001.02', 'camt.053.001.08', 'mt940', 'csv'];

/** The bank's next statement is taken in; the same file again until payments says that it was. */
export async function takeInStatement(world: World): Promise<void> {
  // Statements follow each other: the next is fetched once the last one was taken in.
  await world.again();
  if (world.intents.length > 0) return;
  const format = formats[world.seed % formats.length] ?? 'mt940';
  const content = await world.sandboxes.statement(format);
  world.note(`a statement is taken in as ${format}`);
  await world.insist(async () => (await world.payments.importStatement(content)) !== undefined);
}

/** Two people say what becomes of payments that credit nothing by themselves. */
export async function resolveQuestions(world: World): Promise<void> {
  for (const { topUpId, providerReference, customerId } of await openQuestions(world.stage)) {
    const resolution = world.chance.weighted({ credit: 1, 'pay-back': 1 });
    world.note(`people decide to ${resolution} ${topUpId}`, customerId);
    await world.payments.decide({ kind: 'resolve-payment', topUpId, providerReference, resolution });
  }
  for (const { topUpId, providerReference, customerId } of await notSentBack(world.stage)) {
    world.note(`people send ${topUpId} back once more`, customerId);
    const again = { kind: 'resolve-payment', topUpId, providerReference, resolution: 'pay-back' };
    await world.payments.decide(again);
  }
}

/** Two people pay by bank what no provider pays back. */
export async function payOutWaiting(world: World): Promise<void> {
  for (const { itemId, number, customerId } of await waitingItems(world.stage)) {
    const payeeName = world.customers.find((one) => one.customerId === customerId)?.name ?? '';
    world.note(`people pay out ${itemId}`, customerId);
    world.byPeople.add(number);
    const { code: bank } = bankAccount;
    const action = { kind: 'pay-out-item', itemId, bank, payeeName, payeeAccount: '6217000000000001' };
    await world.payments.decide(action);
  }
}

/** The payouts that were approved go to the bank; a file that was made and never arrived is fetched again. */
export async function payOutFile(world: World): Promise<void> {
  await world.payments.makePayoutFile();
  for (const fileId of await unfetchedFiles(world.stage)) {
    const said = await world.payments.payoutFile(fileId);
    if (said?.ok === true) await world.sandboxes.payOut(String(said.body['body']));
  }
}
