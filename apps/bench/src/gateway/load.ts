import type { Answered } from './caller.client.ts';

/** Makes one call. */
export type Call = () => Promise<Answered>;

const tickMs = 2;

/** So many callers for so long, each of which calls again when it is answered. Throws where a call fails. */
export async function inTurns(callers: number, seconds: number, call: Call): Promise<Answered[]> {
  const answers: Answered[] = [];
  const until = performance.now() + seconds * 1_000;
  const one = async (): Promise<void> => {
    while (performance.now() < until) answers.push(served(await call()));
  };
  await Promise.all(Array.from({ length: callers }, one));
  return answers;
}

/** So many calls a second for so long, however slowly they are answered. Throws where a call fails. */
export async function atRate(perSecond: number, seconds: number, call: Call): Promise<Answered[]> {
  const made: Promise<Answered>[] = [];
  const begun = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(((performance.now() - begun) / 1_000) * perSecond, perSecond * seconds);
      while (made.length < due) made.push(call());
      if (made.length < perSecond * seconds) return;
      clearInterval(timer);
      resolve();
    }, tickMs);
  });
  return (await Promise.all(made)).map(served);
}

function served(answered: Answered): Answered {
  if (answered.status !== 200) throw new Error(`A call was answered with ${String(answered.status)}.`);
  return answered;
}
