import { performance } from 'node:perf_hooks';
import { afterAll, describe, expect, it } from '@jest/globals';
import { encodings } from './token-counter.ts';
import { CountingFailed, TextTooLong, TokenWorkers } from './token-workers.client.ts';

describe('TokenWorkers', () => {
  const workers = new TokenWorkers({ unitsMax: 1_100_000 });
  afterAll(() => workers.close());

  it('counts each text of a request, in order', async () => {
    expect(await workers.count('o200k_base', ['<|endoftext|>', '', 'hello world'])).toEqual([7, 0, 2]);
    expect(await workers.count('cl100k_base', ['\ufeffhello'])).toEqual([2]);
  });

  it('never blocks the event loop, whatever it counts', async () => {
    await workers.count('o200k_base', ['warm']);
    const before = performance.eventLoopUtilization();
    const hostile = 'a'.repeat(1_000_000);
    const counts = await Promise.all([1, 2, 3].map(() => workers.count('o200k_base', [hostile])));
    const { utilization } = performance.eventLoopUtilization(before);
    expect(counts).toEqual([[125000], [125000], [125000]]);
    // Counted here, the loop would have done nothing else; it waits for its threads instead, however slow the machine is.
    expect(utilization).toBeLessThan(0.5);
  });

  it('refuses more than a request may bring, and goes on', async () => {
    await expect(workers.count('o200k_base', ['a'.repeat(600_000), 'b'.repeat(600_000)])).rejects.toThrow(
      TextTooLong,
    );
    expect(await workers.count('o200k_base', ['a'])).toEqual([1]);
  });

  it('fails what an encoding that does not exist was asked for, and nothing else', async () => {
    const unknown = workers.count('p50k_none' as 'o200k_base', ['a']);
    const known = workers.count('o200k_base', ['a']);
    await expect(unknown).rejects.toThrow(CountingFailed);
    expect(await known).toEqual([1]);
  });

  it('fails the counts of a thread that ends, and starts another for the next', async () => {
    const pair = new TokenWorkers({ workers: 2 });
    const waiting = [pair.count('o200k_base', ['a']), pair.count('o200k_base', ['b'])];
    const failures = Promise.all(waiting.map((count) => count.catch((error: unknown) => error)));
    await pair.close();
    for (const failure of await failures) expect(failure).toBeInstanceOf(CountingFailed);
    expect(await pair.count('o200k_base', ['a'])).toEqual([1]);
    await pair.close();
  });
});

describe('TokenWorkers on hostile input', () => {
  const megabyte = 1_000_000;
  const workers = new TokenWorkers();
  afterAll(() => workers.close());

  it.each([
    ['one letter', 'a'],
    ['one capital', 'A'],
    ['spaces', ' '],
    ['newlines', '\n'],
    ['one symbol', '!'],
    ['one Chinese character', '中'],
    ['one emoji', '😀'],
    ['one mark', '\u0301'],
    ['digits', '7'],
  ])(
    'counts a megabyte of %s in seconds of CPU, where its square would take minutes',
    async (_, character) => {
      const text = character.repeat(megabyte / Buffer.byteLength(character));
      for (const encoding of encodings) {
        await workers.count(encoding, ['warm']);
        const before = process.cpuUsage();
        const [tokens] = await workers.count(encoding, [text]);
        const { user, system } = process.cpuUsage(before);
        expect(tokens).toBeGreaterThan(0);
        // It is less than one on a usual machine.
        expect((user + system) / 1e6).toBeLessThan(10);
      }
    },
  );
});
