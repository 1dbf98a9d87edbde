import { Instant } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { Database } from '@app/persistence';
import { freshDatabase } from '@app/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ArrayBytes, type ElementType } from './array-bytes.ts';

let database: Database;

beforeAll(async () => {
  database = new Database({ url: await freshDatabase('arrays'), applicationName: 'arrays' });
});
afterAll(() => database.close());

/** What PostgreSQL reads, as texts. */
async function read(type: ElementType, add: (array: ArrayBytes) => void): Promise<(string | null)[]> {
  const array = new ArrayBytes(type);
  add(array);
  const rows = await database.query<{ value: string | null }>(
    `SELECT value::text FROM unnest($1::${type}[]) WITH ORDINALITY AS given (value, position) ORDER BY position`,
    [array.toBuffer()],
  );
  expect(rows).toHaveLength(array.length);
  return rows.map(({ value }) => value);
}

describe('ArrayBytes', () => {
  it('writes texts that PostgreSQL reads as the same texts', async () => {
    const texts = [
      'hold_1:placed',
      'a b',
      '{x},"y"',
      'back\\slash',
      '',
      'NULL',
      null,
      '冻结 ¥',
      'x'.repeat(5_000),
    ];
    const written = await read('text', (array) => {
      for (const text of texts) array.text(text);
      array.ascii('plain');
    });
    expect(written).toEqual([...texts, 'plain']);
    expect(await read('text', () => undefined)).toEqual([]);
  });

  it('writes bytes, given as bytes or as digits', async () => {
    const written = await read('bytea', (array) => {
      array.bytea(Buffer.from([0, 127, 255]));
      array.hex('00ff10');
      array.nothing();
    });
    expect(written).toEqual(['\\x007fff', '\\x00ff10', null]);
  });

  it.each([
    ['smallint', [0, 1, -1, 32_767]],
    ['integer', [0, -1, 2_147_483_647, -2_147_483_648]],
    ['bigint', [0, 1, -1, 4_294_967_295, 4_294_967_296, -4_294_967_297, Number.MAX_SAFE_INTEGER]],
  ] as const)('writes every %s', async (type, values) => {
    const written = await read(type, (array) => {
      for (const value of values) array[type](value);
    });
    expect(written).toEqual(values.map(String));
  });

  it('writes instants to the microsecond and days', async () => {
    const instants = [
      '1999-12-31T23:59:59.999999Z',
      '2000-01-01T00:00:00.000000Z',
      '2026-11-22T08:01:00.123456Z',
    ];
    const array = new ArrayBytes('timestamptz');
    for (const instant of instants) array.timestamptz(Instant.fromText(instant));
    const rows = await database.query<{ at: string }>('SELECT unnest($1::timestamptz[]) AS at', [
      array.toBuffer(),
    ]);
    expect(rows.map(({ at }) => Instant.toText(Instant.fromText(at)))).toEqual(instants);
    const days = ['1999-12-31', '2000-02-29', '2026-11-22'];
    expect(
      await read('date', (column) => {
        for (const day of days) column.date(day);
      }),
    ).toEqual(days);
  });

  it('writes any amount exactly, in its one text form', async () => {
    const bound = 10n ** 38n - 1n;
    const special = [
      '0',
      '1',
      '0.0195',
      '10000',
      '99999999',
      '0.000000000000000001',
      '99999999999999999999.999999999999999999',
    ];
    const amounts = fc.sample(
      fc.oneof(
        fc.bigInt(-bound, bound),
        fc.bigInt(-(10n ** 20n), 10n ** 20n),
        fc.bigInt(0n, 10n ** 6n).map((n) => n * 10n ** 14n),
      ),
      2_000,
    );
    const all = [
      ...special.map((text) => Units18.fromText(text)),
      ...amounts.map((units) => Units18.of(units)),
    ];
    const written = await read('numeric', (array) => {
      for (const amount of all) array.numeric(amount);
    });
    expect(written).toEqual(all.map((amount) => Units18.toText(amount)));
  });
});
