import { createDecipheriv, createPublicKey, createSign, createVerify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

const callersAtOnce = 32;
const verifications = 20_000;

/** From the sending of a notification to its acknowledgement, which comes after the commit of the credit; and how many a second. */
export async function measureNotifications(stage: Stage): Promise<readonly string[]> {
  const { BENCH_PAYMENTS: count } = stage.settings;
  await stage.withWechat(async ({ sandbox, ask }) => {
    // Not measured: what a process does the first hundred times.
    for (const number of await stage.orders(ask, 100)) await paid(sandbox, number);
  });
  return stage.withWechat(async ({ sandbox, ask }) => {
    const alone = await stage.orders(ask, count);
    const times: number[] = [];
    for (const number of alone) times.push(await paid(sandbox, number));
    const together = await stage.orders(ask, count);
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: callersAtOnce }, async (_, first) => {
        for (let at = first; at < together.length; at += callersAtOnce)
          await paid(sandbox, together[at] ?? '');
      }),
    );
    const perSecond = (together.length * 1000) / (performance.now() - begun);
    const bare = bareVerifications(stage.directory);
    return [
      `notification sent → credit committed and acknowledged, one after the other (${String(count)}): p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`,
      `notifications credited a second, ${String(callersAtOnce)} at once, sandbox on the same machine: ${whole(perSecond)}`,
      `bare verification (RSA-SHA256 and AES-256-GCM, one core): ${whole(bare)} a second; credited: ${whole((100 * perSecond) / bare)} % of it`,
    ];
  });
}

/** Pays an order; gives the milliseconds until its notification was acknowledged. */
async function paid(sandbox: string, outTradeNo: string): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`${sandbox}/__sandbox/pay`, {
    method: 'POST',
    body: JSON.stringify({ outTradeNo }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.arrayBuffer();
  return performance.now() - begun;
}

/** The least that believing a notification takes: one signature and one sealed text of its usual size. */
function bareVerifications(directory: string): number {
  const provider = join(directory, 'provider');
  const file = readdirSync(provider).find((name) => name.startsWith('PUB_KEY_ID_')) ?? '';
  const privateKey = readFileSync(join(provider, file), 'utf8');
  const publicKey = createPublicKey(privateKey);
  const body = Buffer.alloc(1_100, 'x');
  const signature = createSign('RSA-SHA256').update(body).sign(privateKey);
  const key = Buffer.alloc(32, 1);
  const begun = performance.now();
  for (let done = 0; done < verifications; done += 1) {
    if (!createVerify('RSA-SHA256').update(body).verify(publicKey, signature))
      throw new Error('not verified');
    createDecipheriv('aes-256-gcm', key, Buffer.alloc(12)).update(body);
  }
  return (verifications * 1000) / (performance.now() - begun);
}

const quantile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
const ms = (time: number): string => `${(Math.round(time * 10) / 10).toString()} ms`;
const whole = (figure: number): string => Math.round(figure).toLocaleString('en');
