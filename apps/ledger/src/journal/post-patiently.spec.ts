import { describe, expect, it } from '@jest/globals';
import type { Command } from '@app/bookkeeping';
import { Journal, type Outcome, type PostRequest } from './journal.ts';
import { postPatiently } from './post-patiently.ts';

const request = (bookId: string): PostRequest => ({ bookId, command: {} as Command });

/** Knows books only after a number of times. */
class LateJournal extends Journal {
  readonly asked: string[][] = [];

  constructor(private readonly opensAt: number) {
    super();
  }

  post(requests: readonly PostRequest[]): Promise<readonly Outcome[]> {
    this.asked.push(requests.map(({ bookId }) => bookId));
    const open = this.asked.length >= this.opensAt;
    return Promise.resolve(
      requests.map(({ bookId }) =>
        open || !bookId.startsWith('late')
          ? { kind: 'unchanged' }
          : { kind: 'refused', refusal: { code: 'unknown-account', bookId } },
      ),
    );
  }
}

const patience = (waitMsMax: number, signal = new AbortController().signal) => {
  const pauses: number[] = [];
  const pause = (ms: number) => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return { signal, waitMsMax, pause, pauses };
};

describe('postPatiently', () => {
  it('posts only those again whose book was not open, in their order', async () => {
    const journal = new LateJournal(3);
    const outcomes = await postPatiently(
      journal,
      ['late_1', 'cus_1', 'late_2'].map(request),
      patience(1_000),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(journal.asked).toEqual([
      ['late_1', 'cus_1', 'late_2'],
      ['late_1', 'late_2'],
      ['late_1', 'late_2'],
    ]);
  });

  it('gives up when it has waited long enough, with longer and longer pauses', async () => {
    const waiting = patience(1_500);
    const outcomes = await postPatiently(new LateJournal(99), [request('late_1')], waiting);
    expect(outcomes[0]?.kind).toBe('refused');
    expect(waiting.pauses).toEqual([20, 40, 80, 160, 320, 500, 500]);
  });

  it('does not wait for a partition that is gone', async () => {
    const gone = AbortSignal.abort();
    const waiting = patience(1_500, gone);
    await postPatiently(new LateJournal(99), [request('late_1')], waiting);
    expect(waiting.pauses).toEqual([]);
  });
});
