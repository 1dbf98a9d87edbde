import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CallFinished, CallStarted, type EventOf, type TopicName, type WireEvent } from '@app/contracts';
import { EventLog } from '@app/kafka';
import { eventually } from '@app/testing';
import { CallSpool } from './call-spool.client.ts';
import { CallEventTimeout, KafkaCallJournal } from './call-journal.client.ts';

/** A log that takes events, fails, or says nothing. */
class FakeLog extends EventLog {
  readonly written: string[] = [];
  mode: 'takes' | 'fails' | 'is silent' = 'takes';

  publish(_topic: TopicName, records: readonly WireEvent[]): Promise<void> {
    if (this.mode === 'fails') return Promise.reject(new Error('no broker'));
    if (this.mode === 'is silent') return new Promise(() => undefined);
    this.written.push(...records.map(({ headers }) => headers['ce_id'] ?? ''));
    return Promise.resolve();
  }
  ensureTopics = () => Promise.resolve();
  lag = () => Promise.resolve([]);
  ping = () => Promise.resolve();
  close = () => Promise.resolve();
}

const started: EventOf<typeof CallStarted> = CallStarted.sample;
const finished: EventOf<typeof CallFinished> = CallFinished.sample;
const hasAny = ({ length }: readonly string[]) => length > 0;
const noSpool = new CallSpool(undefined);
const journalOn = (log: EventLog) => new KafkaCallJournal(log, new CallEventTimeout(200), noSpool);

describe('KafkaCallJournal', () => {
  it('is trusted only after the log took an event', async () => {
    const journal = journalOn(new FakeLog());
    expect(journal.isTrusted).toBe(false);
    await journal.started(started);
    expect(journal.isTrusted).toBe(true);
  });

  it('says that a call must not start where the log fails, and trusts it no more', async () => {
    const log = new FakeLog();
    const journal = journalOn(log);
    await journal.started(started);
    log.mode = 'fails';
    await expect(journal.started(started)).rejects.toThrow('no broker');
    expect(journal.isTrusted).toBe(false);
  });

  it('says so in time where the log is silent', async () => {
    const log = new FakeLog();
    log.mode = 'is silent';
    const journal = journalOn(log);
    await expect(journal.started(started)).rejects.toThrow('200 ms');
    expect(journal.isTrusted).toBe(false);
  });

  it('keeps the end of a call until the log takes it, and lets the client go meanwhile', async () => {
    const log = new FakeLog();
    log.mode = 'fails';
    const journal = journalOn(log);
    const begun = performance.now();
    await journal.finished(finished);
    expect(performance.now() - begun).toBeGreaterThan(150);
    expect(log.written).toEqual([]);
    log.mode = 'takes';
    expect(await eventually(() => log.written, hasAny)).toEqual([finished.id]);
  });

  it('lets no call start while 10,000 ends wait, and lets one start when they are written', async () => {
    const gates: (() => void)[] = [];
    const log = new FakeLog();
    log.publish = () => new Promise((resolve) => gates.push(resolve));
    const journal = new KafkaCallJournal(log, new CallEventTimeout(60_000), noSpool);
    const ends = Array.from({ length: 10_000 }, () => journal.finished(finished));
    await expect(journal.started(started)).rejects.toThrow('too many');
    for (const open of gates) open();
    await Promise.all(ends);
    log.publish = () => Promise.resolve();
    await journal.started(started);
  });

  it('waits at the end of the process for what is not written yet', async () => {
    const log = new FakeLog();
    log.mode = 'fails';
    const journal = journalOn(log);
    void journal.finished(finished);
    setTimeout(() => (log.mode = 'takes'), 100);
    await journal.beforeApplicationShutdown();
    expect(log.written).toEqual([finished.id]);
    journal.onApplicationShutdown();
  });

  it('throws at once where an event does not fit its schema: that is a bug, and trying again would not help', async () => {
    const broken = { ...finished, data: { ...finished.data, statusCode: 7 } };
    await expect(journalOn(new FakeLog()).finished(broken)).rejects.toThrow();
  });

  it('writes ends that a process left on disk when it died, and then forgets them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spool-'));
    const away = new FakeLog();
    away.mode = 'fails';
    const dying = new KafkaCallJournal(away, new CallEventTimeout(50), new CallSpool(folder));
    await dying.finished(finished);
    expect(readdirSync(folder)).toHaveLength(1);
    dying.onApplicationShutdown();
    writeFileSync(join(folder, 'broken.json'), '{');
    const log = new FakeLog();
    const next = new KafkaCallJournal(log, new CallEventTimeout(50), new CallSpool(folder));
    await next.onApplicationBootstrap();
    await eventually(
      () => readdirSync(folder),
      ({ length }) => length === 1,
    );
    expect(readdirSync(folder)).toEqual(['broken.json']);
    expect(log.written).toEqual([finished.id]);
  });

  it('leaves nothing on disk where Kafka comes back by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spool-'));
    const log = new FakeLog();
    log.mode = 'fails';
    await new KafkaCallJournal(log, new CallEventTimeout(50), new CallSpool(folder)).finished(finished);
    expect(readdirSync(folder)).toHaveLength(1);
    log.mode = 'takes';
    await eventually(
      () => readdirSync(folder),
      ({ length }) => length === 0,
    );
    expect(log.written).toEqual([finished.id]);
  });

  it('leaves nothing on disk where Kafka takes it before the disk has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spool-'));
    const log = new FakeLog();
    log.mode = 'fails';
    class SlowSpool extends CallSpool {
      override async keep(...kept: Parameters<CallSpool['keep']>): Promise<void> {
        log.mode = 'takes';
        await eventually(() => log.written, hasAny);
        await super.keep(...kept);
      }
    }
    await new KafkaCallJournal(log, new CallEventTimeout(50), new SlowSpool(folder)).finished(finished);
    expect(readdirSync(folder)).toEqual([]);
  });
});
