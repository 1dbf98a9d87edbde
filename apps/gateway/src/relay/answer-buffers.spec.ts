import { describe, expect, it } from '@jest/globals';
import type { UpstreamBody } from '../upstreams/upstream.ts';
import { AnswerBuffers, BuffersFull } from './answer-buffers.ts';

const ten = Buffer.alloc(10, 'x');
/** Ten bytes, and ten more once it is let. */
const inTwo = (until: Promise<unknown>): UpstreamBody => ({
  each: async (take) => {
    await take(ten);
    await until;
    await take(ten);
  },
});

describe('answers in memory', () => {
  it('are bounded all together, and free what they took when they are done', async () => {
    const buffers = new AnswerBuffers(45);
    const release = Promise.withResolvers<undefined>();
    const two = [1, 2].map(() => buffers.text(inTwo(release.promise), 100));
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Twenty bytes are there; thirty more are too many, twenty-five are not.
    await expect(buffers.text(inTwo(Promise.resolve()), 100)).resolves.toMatchObject({
      text: 'x'.repeat(20),
    });
    const third = buffers.text(inTwo(release.promise), 100);
    release.resolve(undefined);
    const outcomes = await Promise.allSettled([...two, third]);
    const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refusals.length).toBeGreaterThanOrEqual(1);
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(BuffersFull);
    await expect(buffers.text(inTwo(Promise.resolve()), 100)).resolves.toBeDefined();
  });

  it('are bounded each', async () => {
    await expect(new AnswerBuffers(1_000).text(inTwo(Promise.resolve()), 15)).rejects.toThrow(RangeError);
  });
});
