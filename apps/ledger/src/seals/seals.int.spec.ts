import { freshDatabase } from '@app/testing';
import { Database } from '@app/persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, ledgerOn, type LedgerForSpecs } from '../../test/ledger-for-specs.ts';
import { sealsOn, travellingClock } from '../../test/seals-for-specs.ts';
import { entryHash } from '../journal/entry-hash.ts';
import { ExportExamination, type ExportLine } from '../offline-verifier/examine-export.ts';
import { exportFindings, sealFindings } from '../offline-verifier/examine-seals.ts';
import { JournalReader } from '../reports/journal-reader.store.ts';
import { LiveStore } from '../reports/live.store.ts';
import { VerifyHandler } from '../reports/verify.handler.ts';
import { proofDifference } from './proof.ts';
import { sealKeysOf, signedSeal, type Seal, type SealedHead } from './seal.ts';

let ledger: LedgerForSpecs;
let seals: Awaited<ReturnType<typeof sealsOn>>;
let clock: Awaited<ReturnType<typeof travellingClock>>;
let clockDatabase: Database;
let service: Database;
let verify: VerifyHandler;
let made: readonly Seal[];

const post = async (...requests: Parameters<LedgerForSpecs['journal']['post']>[0]) => {
  const outcomes = await ledger.journal.post(requests);
  expect(outcomes.map(({ kind }) => kind)).toEqual(requests.map(() => 'recorded'));
};

/** Three customers on five days: two of them quiet days, and the last one not over. */
beforeAll(async () => {
  const url = await freshDatabase('seals');
  clockDatabase = new Database({ url, applicationName: 'spec clock' });
  clock = await travellingClock(clockDatabase, new URL(url).pathname.slice(1));
  ledger = await ledgerOn(url);
  service = new Database({ url: ledger.serviceUrl, applicationName: 'spec service' });
  seals = await sealsOn(service);
  verify = new VerifyHandler(new JournalReader(service), new LiveStore(), seals.examine);
  expect(await seals.sealDays.handle()).toEqual([]);

  await clock.set('2030-05-01T10:00:00Z');
  await post(ask.plan('cus_a'), ask.topUp('cus_a', 'top_a', '100'), ask.grant('cus_a', 'grant_a', '5'));
  await post(ask.plan('cus_B'), ask.topUp('cus_B', 'top_b', '7.5'));
  await clock.set('2030-05-01T15:59:00Z');
  await post(ask.charge('cus_a', 'use_a1', '2.25'));
  await clock.set('2030-05-01T16:00:05Z');
  await post(ask.charge('cus_a', 'use_a2', '0.0195'), ask.charge('cus_B', 'use_b1', '0.000000000000000001'));
  const first = await seals.sealDays.handle();
  await clock.set('2030-05-04T20:00:00Z');
  await post(ask.plan('cus_c'), ask.topUp('cus_c', 'top_c', '3'), ask.charge('cus_c', 'use_c1', '1'));
  const missed = await seals.sealDays.handle();
  made = [...first, ...missed];
}, 60_000);

afterAll(async () => {
  await service.close();
  await ledger.close();
  await clockDatabase.close();
  await rm(seals.settings.folder, { recursive: true });
});

const published = async () => (await readdir(seals.settings.SEALS_DIR)).sort();

describe('days', () => {
  it('are sealed when they are over, quiet ones and missed ones too, each after the one before', async () => {
    expect(made.map(({ day, books, entries }) => [day, books, entries])).toEqual([
      ['2030-05-01', 2, 6],
      ['2030-05-02', 2, 8],
      ['2030-05-03', 2, 8],
      ['2030-05-04', 2, 8],
    ]);
    expect(sealFindings(made, seals.key.keys)).toEqual([]);
    expect(await seals.sealDays.handle()).toEqual([]);
    expect((await seals.questions.list({ pageSize: 3 })).nextCursor).toBe('2030-05-03');
    expect((await seals.questions.list({ cursor: '2030-05-03' })).seals).toEqual(made.slice(3));
    await expect(seals.questions.get({ day: '2030-05-05' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are published once, outside the database', async () => {
    const files = made.flatMap(({ day }) => [`${day}.heads.jsonl`, `${day}.json`]);
    expect(await published()).toEqual(files);
    const seal = await readFile(join(seals.settings.SEALS_DIR, '2030-05-01.json'), 'utf8');
    expect(JSON.parse(seal)).toEqual(made[0]);
    const heads = await readFile(join(seals.settings.SEALS_DIR, '2030-05-02.heads.jsonl'), 'utf8');
    expect(heads.match(/"book":"[^"]+","version":\d+/g)?.sort()).toEqual([
      '"book":"cus_B","version":3',
      '"book":"cus_a","version":5',
    ]);
  });

  it('that were not published are published later; one that says something else is left alone and told', async () => {
    const file = join(seals.settings.SEALS_DIR, '2030-05-03.json');
    const kept = await readFile(file, 'utf8');
    await rm(file);
    await seals.sealDays.handle();
    expect(await readFile(file, 'utf8')).toBe(kept);
    await writeFile(file, kept.replace('"entries": 8', '"entries": 9'));
    expect(await verify.handle({})).toMatchObject({
      verified: false,
      firstDifference: 'seal of 2030-05-03: another one was published',
    });
    const [seal] = made.filter(({ day }) => day === '2030-05-03');
    if (seal === undefined) throw new Error('there is no such seal');
    await expect(seals.folder.publish(seal, seals.store.moved(seal.day))).rejects.toThrow(/something else/);
    expect(await readFile(file, 'utf8')).toContain('"entries": 9');
    await writeFile(file, kept);
    expect(await published()).toHaveLength(8);
  });

  it('wait for every transaction that began before the cut was announced, and stop nobody', async () => {
    await clock.set('2030-05-05T16:00:01Z');
    const [begun, mayEnd] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const open = ledger.database.transaction(async (tx) => {
      await tx.query('SELECT 1');
      begun.resolve(undefined);
      await mayEnd.promise;
    });
    await begun.promise;
    let sealed: readonly Seal[] | undefined;
    const sealing = seals.sealDays.handle().then((result) => (sealed = result));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sealed).toBeUndefined();
    await post(ask.charge('cus_a', 'use_a3', '0.1'));
    expect(sealed).toBeUndefined();
    mayEnd.resolve(undefined);
    await Promise.all([open, sealing]);
    expect(sealed?.map(({ day, entries }) => [day, entries])).toEqual([['2030-05-05', 11]]);
  });

  it('get no entry once they are cut, though the clock steps back', async () => {
    await clock.set('2030-05-05T15:59:58Z');
    // The writer carries on from the last answer of the database's clock for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await post(ask.charge('cus_B', 'use_b2', '0.1'));
    const [row] = await ledger.database.query<{ recorded_at: string }>(
      `SELECT recorded_at FROM entry WHERE event_id = 'use_b2:rated'`,
    );
    // Not before the cut; the writer's clock may still carry the later time that it was told before.
    expect(row?.recorded_at).toMatch(/^2030-05-05T16:00:0\d/);
    await clock.set('2030-05-06T16:00:01Z');
    const both = await Promise.all([seals.sealDays.handle(), seals.sealDays.handle()]);
    expect(both.flat().map(({ day }) => day)).toEqual(['2030-05-06']);
  });

  it.each(['day_cut', 'sealed_head', 'sealed_day'])(
    'of %s are only added to, by the owner too',
    async (table) => {
      for (const sql of [
        `UPDATE ${table} SET day = day`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
      ])
        await expect(ledger.database.query(sql)).rejects.toMatchObject({ code: 'HL001' });
    },
  );
});

describe('verify', () => {
  const tampered = async (change: string, undo: string): Promise<string> => {
    const run = (sql: string) =>
      ledger.database.transaction(async (tx) => {
        await tx.query(`SET LOCAL session_replication_role = replica`);
        await tx.query(sql);
      });
    await run(change);
    const { firstDifference } = await verify.handle({});
    await run(undo);
    return firstDifference;
  };

  it('finds nothing wrong with the seals as they were made', async () => {
    expect(await verify.handle({})).toMatchObject({ verified: true, firstDifference: '' });
    expect(await verify.handle({ bookId: 'cus_a' })).toMatchObject({ verified: true });
  });

  it('names the book whose whole chain was made anew, without a broken hash', async () => {
    const rows = await ledger.database.query<{
      version: string;
      canonical: Buffer;
      hash: Buffer;
      previous_hash: Buffer;
    }>(`SELECT version, canonical, hash, previous_hash FROM entry WHERE book_id = 'cus_a' ORDER BY version`);
    const sql = (
      row: { version: string; canonical: Buffer; hash: Buffer; previous_hash: Buffer },
      more = '',
    ) =>
      `UPDATE entry SET canonical = '\\x${row.canonical.toString('hex')}', hash = '\\x${row.hash.toString('hex')}',
              previous_hash = '\\x${row.previous_hash.toString('hex')}' ${more} WHERE book_id = 'cus_a' AND version = ${row.version}`;
    let last: Buffer = Buffer.alloc(32);
    const anew = rows.map((row) => {
      // The reference of the payment: a field of the memo, which no column shows.
      const canonical = Buffer.from(
        row.canonical.toString('ascii').replace('4200-top_a', '4200-top_x'),
        'ascii',
      );
      const made = { version: row.version, canonical, previous_hash: last, hash: entryHash(last, canonical) };
      last = made.hash;
      return made;
    });
    const head = (hash: Buffer) =>
      `UPDATE book_head SET hash = '\\x${hash.toString('hex')}' WHERE book_id = 'cus_a'`;
    const difference = await tampered(
      [...anew.map((row) => sql(row)), head(last)].join(';'),
      [...rows.map((row) => sql(row)), head(rows.at(-1)?.hash ?? last)].join(';'),
    );
    expect(difference).toBe('cus_a/4: is under the seal of 2030-05-01 with another hash');
  });

  it.each([
    [
      `sealed_head SET version = 4`,
      `sealed_head SET version = 3`,
      `book_id = 'cus_B' AND day = '2030-05-02'`,
      'cus_B/4',
    ],
    [
      `sealed_head SET book_id = 'cus_X'`,
      `sealed_head SET book_id = 'cus_c'`,
      `version = 3 AND book_id IN ('cus_c', 'cus_X')`,
      'cus_c/3',
    ],
    [
      `sealed_day SET entries = entries + 1`,
      `sealed_day SET entries = entries - 1`,
      `day = '2030-05-04'`,
      'seal of 2030-05-04',
    ],
    [
      `sealed_day SET cut = cut + interval '1 s'`,
      `sealed_day SET cut = cut - interval '1 s'`,
      `day = '2030-05-01'`,
      'seal of 2030-05-01',
    ],
  ])('names the place where somebody wrote %s', async (change, undo, where, place) => {
    expect(await tampered(`UPDATE ${change} WHERE ${where}`, `UPDATE ${undo} WHERE ${where}`)).toContain(
      place,
    );
    expect(await verify.handle({})).toMatchObject({ verified: true });
  });

  it('notices a seal that was taken away', async () => {
    await ledger.database.query(
      `CREATE TABLE kept_seal AS SELECT * FROM sealed_day WHERE day = '2030-05-02'`,
    );
    const difference = await tampered(
      `DELETE FROM sealed_day WHERE day = '2030-05-02'`,
      `INSERT INTO sealed_day SELECT * FROM kept_seal`,
    );
    expect(difference).toContain('seal of 2030-05-03: the day before it is missing');
  });
});

describe('a proof', () => {
  it('shows of every sealed entry, and of no other, that it is under the seal of its day', async () => {
    const versions = { cus_a: 6, cus_B: 4, cus_c: 3 };
    for (const [bookId, last] of Object.entries(versions))
      for (let version = 1; version <= last; version += 1) {
        const proof = await seals.questions.prove({ bookId, version });
        expect(proofDifference(proof, seals.key.keys)).toBeUndefined();
      }
    await expect(seals.questions.prove({ bookId: 'cus_a', version: 99 })).rejects.toMatchObject({
      code: 'not-found',
    });
    await post(ask.charge('cus_a', 'use_late', '0.1'));
    await expect(seals.questions.prove({ bookId: 'cus_a', version: 7 })).rejects.toMatchObject({
      code: 'not-found',
      message: '2030-05-07 is not sealed.',
    });
  });

  it('shows nothing once anything in it is changed', async () => {
    const proof = await seals.questions.prove({ bookId: 'cus_a', version: 2 });
    const { entry, head, seal } = proof;
    const other = await seals.questions.prove({ bookId: 'cus_a', version: 3 });
    const zeros = '0'.repeat(64);
    const changes = [
      { ...proof, entry: { ...entry, canonical: entry.canonical.replace('3:100,', '3:900,') } },
      { ...proof, entry: { ...entry, version: 3 } },
      { ...proof, entry: other.entry },
      { ...proof, previousHash: zeros },
      { ...proof, following: proof.following.slice(1) },
      { ...proof, following: [...proof.following].reverse() },
      { ...proof, head: { ...head, version: head.version + 1 } },
      { ...proof, head: { ...head, book: 'cus_B' } },
      { ...proof, index: proof.index + 1 },
      { ...proof, path: [zeros] },
      { ...proof, path: [] },
      { ...proof, seal: { ...seal, root: zeros } },
      { ...proof, seal: { ...seal, signature: zeros + zeros } },
      { ...proof, seal: made[1] ?? seal },
    ];
    expect(changes.filter((changed) => proofDifference(changed, seals.key.keys) === undefined)).toEqual([]);
  });
});

describe('an export, by both verifiers', () => {
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);
  const script = join(import.meta.dirname, '../../../../docs/verifier/verify_export.py');

  it('is examined by Python, which must be there', () => {
    expect(
      python ?? 'Install python3 (3.8 or later): the second verifier cannot be tested without it.',
    ).toMatch(/^python/);
  });

  async function linesOfExport(): Promise<string[]> {
    const lines: string[] = [];
    for await (const some of seals.exports.whole()) lines.push(...some);
    return lines;
  }

  async function byOurs(lines: readonly string[], folder: string): Promise<string[]> {
    const examined = new ExportExamination();
    for (const line of lines) examined.take(line);
    examined.finish();
    const names = (await readdir(folder)).filter((name) => /^[\d-]+\.json$/.test(name)).sort();
    const all = await Promise.all(
      names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Seal),
    );
    const heads = async (day: string) => {
      const text = await readFile(join(folder, `${day}.heads.jsonl`), 'utf8').catch(() => undefined);
      return text
        ?.split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as SealedHead);
    };
    const keys = sealKeysOf(await readFile(seals.settings.publicKeyFile, 'utf8'));
    return exportFindings(examined, { seals: all, heads }, keys);
  }

  function byPython(...args: readonly string[]): {
    readonly status: number | null;
    readonly lines: string[];
  } {
    const { status, stdout, stderr } = spawnSync(python ?? 'python3', [script, ...args], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return { status, lines: stdout.trim().split('\n') };
  }

  /** Both verifiers' findings, which must be the same words. */
  async function findings(
    lines: readonly string[],
    folder = seals.settings.SEALS_DIR,
    verified = /^Verified: 3 books, 14 entries\.$/,
  ): Promise<string[]> {
    const file = join(seals.settings.folder, 'export.jsonl');
    await writeFile(file, lines.map((line) => `${line}\n`).join(''));
    const ours = await byOurs(lines, folder);
    const { status, lines: theirs } = byPython(file, folder, seals.settings.publicKeyFile);
    expect(status).toBe(ours.length === 0 ? 0 : 1);
    if (ours.length > 0)
      expect([...theirs].sort()).toEqual([...ours, `Not verified: ${ours.length} found.`].sort());
    else expect(theirs[0]).toMatch(verified);
    return ours;
  }

  const at = (lines: readonly string[], book: string, version: number) =>
    lines.findIndex((line) => line.startsWith(`{"entry":{"book":"${book}","version":${version},`));
  const without = (lines: readonly string[], drop: (line: string) => boolean, counts: [number, number]) => [
    ...lines.slice(0, -1).filter((line) => !drop(line)),
    JSON.stringify({ end: { books: counts[0], entries: counts[1] } }),
  ];

  it('is verified as it is', async () => {
    expect(await findings(await linesOfExport())).toEqual([]);
  });

  it('names the entry of which one digit was changed', async () => {
    const lines = await linesOfExport();
    const index = at(lines, 'cus_a', 2);
    lines[index] = lines[index]?.replace('3:100,', '3:900,') ?? '';
    expect(await findings(lines)).toEqual([
      'cus_a/2: its hash is not that of its text and of the entry before',
    ]);
  });

  it('names what was cut off at the tail of a book', async () => {
    const lines = await linesOfExport();
    const cut = without(lines, (line) => /"book":"cus_B","version":[34],/.test(line), [3, 12]);
    expect(await findings(cut)).toEqual([
      'cus_B/3: it is under the seal of 2030-05-02, and the export ends before it, at 2',
    ]);
  });

  it('names a book that is missing', async () => {
    const lines = await linesOfExport();
    const cut = without(lines, (line) => line.includes('"book":"cus_B"'), [2, 10]);
    expect(await findings(cut)).toEqual([
      'cus_B/2: the book is under the seal of 2030-05-01 and is not in the export',
    ]);
  });

  it('names entries that were swapped, and one that is missing', async () => {
    const lines = await linesOfExport();
    const [three, four] = [at(lines, 'cus_a', 3), at(lines, 'cus_a', 4)];
    const swapped = [...lines];
    [swapped[three], swapped[four]] = [lines[four] ?? '', lines[three] ?? ''];
    expect(await findings(swapped)).toEqual(['cus_a/4: entry 3 is missing before it']);
    expect(await findings(lines.filter((_line, index) => index !== three))).toEqual([
      'cus_a/4: entry 3 is missing before it',
      'export: its last line counts 3 books and 14 entries, and 3 and 13 came',
    ]);
  });

  it('names a book whose chain was made anew', async () => {
    const lines = await linesOfExport();
    let last: Buffer = Buffer.alloc(32);
    const anew = lines.map((line) => {
      if (!line.startsWith('{"entry":{"book":"cus_c"')) return line;
      const { entry } = JSON.parse(line) as { entry: { canonical: string } };
      const canonical = entry.canonical.replace('4200-top_c', '4200-top_x');
      last = entryHash(last, canonical);
      return JSON.stringify({ entry: { ...entry, canonical, hash: last.toString('hex') } });
    });
    expect(await findings(anew)).toEqual(['cus_c/3: it is under the seal of 2030-05-05 with another hash']);
  });

  it('sees that it broke off', async () => {
    const lines = await linesOfExport();
    const found = await findings(lines.slice(0, at(lines, 'cus_c', 2)));
    expect(found[0]).toMatch(/^export: it breaks off after cus_/);
  });

  it('names seals that were made anew, taken away, or signed by another key', async () => {
    const lines = await linesOfExport();
    const folder = await mkdtemp(join(tmpdir(), 'haoli-published-'));
    const restore = () => cp(seals.settings.SEALS_DIR, folder, { recursive: true });
    const seal = made[1];
    if (seal === undefined) throw new Error('there is no such seal');
    await restore();
    // By the same key: its own signature is right, the next seal and the export say that there was another one.
    const { sealVersion: _one, hash: _hash, signature: _signature, ...facts } = seal;
    const anew = signedSeal({ ...facts, root: 'ab'.repeat(32) }, seals.key.privateKey);
    await writeFile(join(folder, `${seal.day}.json`), JSON.stringify(anew));
    expect(await findings(lines, folder)).toEqual([
      'seal of 2030-05-03: it was made after another seal of 2030-05-02',
      'seal of 2030-05-02: the export has another one than was published',
      expect.stringMatching(/^seal of 2030-05-02: the heads of the books do not come to its root/),
    ]);
    const thief = signedSeal(facts, generateKeyPairSync('ed25519').privateKey);
    await writeFile(join(folder, `${seal.day}.json`), JSON.stringify(thief));
    expect(await findings(lines, folder)).toContain(
      'seal of 2030-05-02: its signature is not that of the key',
    );
    await restore();
    await rm(join(folder, `${seal.day}.json`));
    expect(await findings(lines, folder)).toEqual([
      'seal of 2030-05-03: the day before it is missing; 2030-05-01 comes before it',
      'seal of 2030-05-02: it is in the export and was not published',
    ]);
    await restore();
    await rm(join(folder, '2030-05-01.heads.jsonl'));
    expect(await findings(lines, folder)).toEqual([]);
    const cut = without(lines, (line) => line.includes('"book":"cus_B"'), [2, 10]);
    expect((await findings(cut, folder))[0]).toMatch(/without 2030-05-01.heads.jsonl no book can be named/);
    await rm(folder, { recursive: true });
  });

  describe('of one book', () => {
    const book = 'cus_a';
    const linesOfBook = async (bookId = book): Promise<string[]> => {
      const lines: string[] = [];
      for await (const some of await seals.exports.ofBook({ bookId })) lines.push(...some);
      return lines;
    };
    const changed = (lines: readonly string[], which: RegExp, change: (line: string) => string) =>
      lines.map((line) => (which.test(line) ? change(line) : line));
    const leafOn = (day: string) => new RegExp(`^\\{"leaf":\\{"day":"${day}"`);

    it('is verified with its proofs, and says nothing of others', async () => {
      const lines = await linesOfBook();
      expect(await findings(lines, undefined, /^Verified: cus_a, 7 entries\.$/)).toEqual([]);
      expect(lines.filter((line) => /cus_B|cus_c|top_b|top_c/.test(line))).toEqual([]);
      const leaves = lines.flatMap((line) => (JSON.parse(line) as ExportLine).leaf ?? []);
      expect(leaves.map(({ day, version }) => [day, version])).toEqual([
        ['2030-05-01', 4],
        ['2030-05-02', 5],
        ['2030-05-06', 6],
      ]);
      for (const [other, entries] of [
        ['cus_B', 4],
        ['cus_c', 3],
      ] as const)
        expect(
          await findings(
            await linesOfBook(other),
            undefined,
            new RegExp(`^Verified: ${other}, ${String(entries)} entries`),
          ),
        ).toEqual([]);
    });

    it('is refused where there is no such book', async () => {
      await expect(seals.exports.ofBook({ bookId: 'cus_none' })).rejects.toMatchObject({ code: 'not-found' });
      await expect(seals.exports.ofBook({ bookId: 'no id' })).rejects.toMatchObject({
        code: 'invalid-request',
      });
    });

    it('names what was cut off at its tail, with or without its proofs', async () => {
      const lines = await linesOfBook();
      const cut = without(lines, (line) => /"version":[67],"canonical"/.test(line), [1, 5]);
      expect(await findings(cut)).toEqual([
        'cus_a/6: it is under the seal of 2030-05-06, and the export ends before it, at 5',
      ]);
      const unproven = cut.filter((line) => !leafOn('2030-05-06').test(line));
      expect(await findings(unproven)).toEqual([
        'cus_a/5: there is no proof that it is under the seal of 2030-05-06',
      ]);
    });

    it('names a day of which the proof is missing, was changed, or is that of another book', async () => {
      const lines = await linesOfBook();
      expect(await findings(lines.filter((line) => !leafOn('2030-05-02').test(line)))).toEqual([
        'cus_a/5: there is no proof that it is under the seal of 2030-05-02',
      ]);
      const other = (await linesOfBook('cus_B')).find((line) => leafOn('2030-05-02').test(line)) ?? '';
      for (const change of [
        (line: string) => line.replace(/"index":\d+/, '"index":7'),
        (line: string) => line.replace(/"path":\[.*?\]/, '"path":[]'),
        (line: string) => line.replace(/"hash":"..../, '"hash":"0000'),
      ])
        expect(await findings(changed(lines, leafOn('2030-05-02'), change))).toEqual([
          'cus_a/5: its proof does not lead to the root of the seal of 2030-05-02',
        ]);
      expect(await findings(changed(lines, leafOn('2030-05-02'), () => other))).toEqual([
        'cus_a/3: its proof does not lead to the root of the seal of 2030-05-02',
      ]);
    });

    it('names the first day on which its chain was made anew', async () => {
      let last: Buffer = Buffer.alloc(32);
      const anew = changed(await linesOfBook(), /^\{"entry"/, (line) => {
        const { entry } = JSON.parse(line) as { entry: { canonical: string } };
        const canonical = entry.canonical.replace('4200-top_a', '4200-top_x');
        last = entryHash(last, canonical);
        return JSON.stringify({ entry: { ...entry, canonical, hash: last.toString('hex') } });
      });
      expect(await findings(anew)).toEqual(['cus_a/4: it is under the seal of 2030-05-01 with another hash']);
    });

    it('names a digit that was changed, an entry that is missing, and one of another book', async () => {
      const lines = await linesOfBook();
      const digit = changed(lines, /"version":2,"canonical"/, (line) => line.replace('3:100,', '3:900,'));
      expect(await findings(digit)).toEqual([
        'cus_a/2: its hash is not that of its text and of the entry before',
      ]);
      expect((await findings(lines.filter((line) => !/"version":3,"canonical"/.test(line))))[0]).toBe(
        'cus_a/4: entry 3 is missing before it',
      );
      const foreign = (await linesOfExport()).filter((line) => line.startsWith('{"entry":{"book":"cus_B"'));
      const mixed = [...lines.slice(0, -1), ...foreign, JSON.stringify({ end: { books: 2, entries: 11 } })];
      expect(await findings(mixed)).toEqual(['cus_B/1: the export is of cus_a alone']);
    });

    it('is verified before the first seal that covers it, and says so', async () => {
      await post(ask.plan('cus_new'), ask.topUp('cus_new', 'top_new', '5'));
      const lines = await linesOfBook('cus_new');
      expect(lines.filter((line) => line.startsWith('{"leaf"'))).toEqual([]);
      expect(await findings(lines, undefined, /^Verified: cus_new, 2 entries\.$/)).toEqual([]);
    });
  });

  it('of one line is a proof, which Python takes and refuses alike', async () => {
    const file = join(seals.settings.folder, 'proof.json');
    const proof = await seals.questions.prove({ bookId: 'cus_a', version: 2 });
    await writeFile(file, JSON.stringify(proof));
    const { status, lines } = byPython(file, seals.settings.publicKeyFile);
    expect(status).toBe(0);
    expect(lines[0]).toBe(`Verified: cus_a/2 is under the seal of 2030-05-01, hash ${proof.seal.hash}.`);
    expect(lines[2]).toBe('  clearing:wechat-pay -> wallet:cus_a:paid 100');
    const changed = {
      ...proof,
      entry: { ...proof.entry, canonical: proof.entry.canonical.replace('3:100,', '3:900,') },
    };
    await writeFile(file, JSON.stringify(changed));
    expect(byPython(file, seals.settings.publicKeyFile)).toEqual({
      status: 1,
      lines: [proofDifference(changed, seals.key.keys), 'Not verified: 1 found.'],
    });
  });
});
