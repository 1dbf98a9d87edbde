import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ledgerProcess, type Surroundings, surroundings } from './ledger-process.ts';

const entries = 200_000;
const books = 500;
/** Less than half of what is exported. */
const growthMax = 64 * 1024 * 1024;
/** So that what is let go is collected, and memory that grows is seen to. */
const heapOptions = { NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=4' };

let around: Surroundings;

beforeAll(async () => {
  around = await surroundings('ledger-export');
}, 60_000);

afterAll(() => around.close());

/** Entries as large as usual ones; what they say does not matter to an export. */
const load = () =>
  around.database.query(
    `INSERT INTO entry (book_id, version, kind, event_id, fingerprint, currency, paid_after, granted_after, held_after, occurred_at,
                        recorded_at, accounting_date, canonical_version, canonical, previous_hash, hash, position)
     SELECT 'cus_' || lpad((n % ${String(books)})::text, 6, '0'), n / ${String(books)} + 1, 'charge', 'event_' || n, '', 'CNY', 1, 0, 0,
            now(), now(), '2026-11-22', 1, convert_to(repeat('canonical ', 60) || n, 'SQL_ASCII'), sha256('a'), sha256('b'), n
       FROM generate_series(0, ${String(entries - 1)}) n`,
  );

it('the export of the whole journal takes no more memory for more entries', async () => {
  const ledger = await ledgerProcess({ ...around.environment, ...heapOptions });
  await load();
  const residentBytes = async (): Promise<number> => {
    const text = await (await fetch(`${ledger.base}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
  };
  const download = async (): Promise<readonly number[]> => {
    const headers = { authorization: `Bearer ${await around.token('ledger:read')}` };
    const { body } = await fetch(`${ledger.base}/v1/export`, { headers });
    const sizes: number[] = [];
    let [lines, rest] = [0, ''];
    for await (const part of body ?? []) {
      const text = rest + Buffer.from(part).toString('ascii');
      const before = lines;
      lines += text.split('\n').length - 1;
      rest = text.slice(text.lastIndexOf('\n') + 1);
      if (Math.floor(lines / 20_000) > Math.floor(before / 20_000)) sizes.push(await residentBytes());
    }
    // A first line, the entries, a last line; there is no seal.
    expect(lines).toBe(entries + 2);
    return sizes;
  };
  const sizes = await download();
  expect(sizes).toHaveLength(entries / 20_000);
  // With 200,000 entries it is no larger than with the first 20,000.
  expect(Math.max(...sizes) - (sizes[0] ?? 0)).toBeLessThan(growthMax);
  await ledger.stop();
}, 120_000);
