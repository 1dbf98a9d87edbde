import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { log } from '@app/observability';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { type BillKind, UnreadableBill } from '../channels/daily-bill.ts';
import { type PaymentChannel, PaymentChannels } from '../channels/payment-channel.ts';
import { type BillKey, Bills } from './bill.store.ts';

const linesAtOnce = 5_000;
const nothing = '';

/** Brings a provider's bill of a day into our tables: as a whole or not at all, some thousand lines at a time. */
@Injectable()
export class LoadBillHandler {
  constructor(
    private readonly channels: PaymentChannels,
    private readonly bills: Bills,
  ) {}

  /** Throws a Problem where the provider does not give the bill, or gives one that cannot be believed. */
  async load(channel: string, day: string): Promise<void> {
    for (const kind of ['trade', 'fund'] as const) await this.loadOne({ channel, day, kind });
  }

  private async loadOne(key: BillKey): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'haoli-bill-'));
    const file = join(directory, `${key.kind}.csv`);
    try {
      const channel = this.channels.of(key.channel);
      const outcome = await channel.fetchBill({ kind: key.kind, day: key.day, file });
      if (outcome.kind !== 'ok') throw notThere(key, `${outcome.code}: ${outcome.message}`);
      const sha256 = outcome.value === 'none' ? nothing : await digestOf(file);
      if ((await this.bills.digestOf(key)) === sha256) return;
      await this.bills.clear(key);
      const lines = sha256 === nothing ? 0 : await this.write(key, channel, file);
      await this.bills.complete(key, { sha256, lines });
    } catch (error) {
      if (!(error instanceof UnreadableBill)) throw error;
      log().error({ ...key, err: error }, 'A bill cannot be believed');
      throw notThere(key, error.message);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  private write(key: BillKey, channel: PaymentChannel, file: string): Promise<number> {
    if (key.kind === 'trade')
      return inBatches(channel.tradeLines(file), (from, lines) => this.bills.addTrades(key, from, lines));
    return inBatches(channel.fundLines(file), (from, lines) => this.bills.addFunds(key, from, lines));
  }
}

/** Writes while it reads, never more than one batch ahead; gives the number of lines. */
async function inBatches<Line>(
  lines: AsyncIterable<Line>,
  write: (from: number, batch: readonly Line[]) => Promise<void>,
): Promise<number> {
  let [batch, written, count]: [Line[], Promise<void>, number] = [[], Promise.resolve(), 0];
  const flush = async (): Promise<void> => {
    const [from, full] = [count, batch];
    count += full.length;
    batch = [];
    await written;
    written = full.length === 0 ? Promise.resolve() : write(from, full);
    // Awaited with the next batch; a failure before that is not unhandled.
    written.catch(() => undefined);
  };
  for await (const line of lines) {
    batch.push(line);
    if (batch.length === linesAtOnce) await flush();
  }
  await flush();
  await written;
  return count;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

const notThere = (
  { channel, day, kind }: { channel: string; day: string; kind: BillKind },
  why: string,
): Problem =>
  new Problem({
    code: 'unavailable',
    detail: `The ${kind} bill of ${channel} of ${day} is not there: ${why.slice(0, 300)}`,
    remedy: 'Bills are given out from ten in the morning after; it is tried again by itself.',
  });
