import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '@app/persistence';
import { ExamineSealsHandler } from '../src/seals/examine-seals.handler.ts';
import { ExportJournalHandler } from '../src/seals/export-journal.handler.ts';
import { ExportStore } from '../src/seals/export.store.ts';
import { SealDaysHandler } from '../src/seals/seal-days.handler.ts';
import { SealKey } from '../src/seals/seal-key.client.ts';
import { SealStore } from '../src/seals/seal.store.ts';
import { SealsFolder } from '../src/seals/seals-folder.client.ts';
import { SealsHandler } from '../src/seals/seals.handler.ts';
import { TreeStore } from '../src/seals/tree.store.ts';

/** A key and an empty folder, as the ledger's settings name them. */
export async function sealSettings() {
  const folder = await mkdtemp(join(tmpdir(), 'haoli-seals-'));
  const [SEAL_KEY_FILE, publicKeyFile] = [join(folder, 'key.pem'), join(folder, 'key.public.pem')];
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(SEAL_KEY_FILE, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  await writeFile(publicKeyFile, publicKey.export({ format: 'pem', type: 'spki' }));
  return { SEAL_KEY_FILE, SEALS_DIR: join(folder, 'seals'), folder, publicKeyFile };
}

/** Everything about seals, on a database, with a key and a folder of its own. */
export async function sealsOn(database: Database) {
  const settings = await sealSettings();
  const key = SealKey.fromFiles(settings.SEAL_KEY_FILE);
  const [store, entries, folder] = [
    new SealStore(database, new TreeStore(database)),
    new ExportStore(database),
    new SealsFolder(settings.SEALS_DIR),
  ];
  return {
    ...{ settings, key, store, entries, folder },
    sealDays: new SealDaysHandler(store, key, folder),
    examine: new ExamineSealsHandler(store, key, folder),
    questions: new SealsHandler(store, entries),
    exports: new ExportJournalHandler(store, entries),
  };
}

/** Gives a database, before it is migrated, a clock that a spec can set: all SQL of it that asks for the time. */
export async function travellingClock(database: Database, name: string) {
  await database.query(`ALTER DATABASE "${name}" SET search_path = public, pg_catalog`);
  await database.query(`CREATE TABLE spec_clock (ahead interval NOT NULL)`);
  await database.query(`INSERT INTO spec_clock VALUES ('0')`);
  await database.query(`CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                        AS $$ SELECT pg_catalog.clock_timestamp() + ahead FROM public.spec_clock $$`);
  return {
    /** From now on it is this instant, and time goes on from there. */
    set: async (instant: string) => {
      await database.query(`UPDATE spec_clock SET ahead = $1::timestamptz - pg_catalog.clock_timestamp()`, [
        instant,
      ]);
    },
  };
}
