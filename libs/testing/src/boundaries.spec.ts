import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');

/** Every rule, broken once: [rule, the file that breaks it, what it imports]. */
const broken: readonly (readonly [rule: string, file: string, imports: string])[] = [
  ['pure-libs-know-no-framework', 'libs/contracts/src/nest.ts', '@nestjs/common'],
  ['pure-libs-know-no-framework', 'libs/money/src/through-another.ts', './kafka-inside.ts'],
  ['pure-libs-do-no-io', 'libs/bookkeeping/src/hashes.ts', 'node:crypto'],
  ['pure-libs-import-only-pure-libs', 'libs/rating/src/reads-settings.ts', '@app/config'],
  ['decider-stands-only-on-its-floor', 'libs/decider/src/uses-money.ts', '@app/money'],
  ['money-stands-only-on-its-floor', 'libs/money/src/uses-rating.ts', '@app/rating'],
  ['contracts-stands-only-on-its-floor', 'libs/contracts/src/uses-rating.ts', '@app/rating'],
  ['rating-stands-only-on-its-floor', 'libs/rating/src/uses-bookkeeping.ts', '@app/bookkeeping'],
  ['rating-stands-only-on-its-floor', 'libs/rating/src/uses-contracts.ts', '@app/contracts'],
  ['rating-stands-only-on-its-floor', 'libs/rating/src/uses-zod.ts', 'zod'],
  ['bookkeeping-stands-only-on-its-floor', 'libs/bookkeeping/src/uses-funding.ts', '@app/funding'],
  ['funding-stands-only-on-its-floor', 'libs/funding/src/uses-rating.ts', '@app/rating'],
  ['tokens-stands-only-on-its-floor', 'libs/tokens/src/uses-money.ts', '@app/money'],
  ['pure-libs-do-no-io', 'libs/tokens/src/reads-ranks.ts', 'node:fs'],
  ['config-stands-only-on-its-floor', 'libs/config/src/uses-kafka.ts', '@app/kafka'],
  ['observability-stands-only-on-its-floor', 'libs/observability/src/uses-transport.ts', '@app/transport'],
  ['kafka-stands-only-on-its-floor', 'libs/kafka/src/uses-persistence.ts', '@app/persistence'],
  ['transport-stands-only-on-its-floor', 'libs/transport/src/uses-persistence.ts', '@app/persistence'],
  ['persistence-stands-only-on-its-floor', 'libs/persistence/src/uses-transport.ts', '@app/transport'],
  ['parking-stands-only-on-its-floor', 'libs/parking/src/knows-money.ts', '@app/money'],
  ['decimal-only-in-money', 'libs/rating/src/decimals.ts', 'decimal.js'],
  ['kafkajs-only-in-lib-kafka', 'apps/ledger/src/journal.consumer.ts', 'kafkajs'],
  ['logger-and-metrics-only-in-observability', 'apps/ledger/src/logs.handler.ts', 'pino'],
  ['sql-only-in-stores', 'apps/ledger/src/journal.handler.ts', 'typeorm'],
  ['sql-only-in-stores', 'apps/payments/src/orders.handler.ts', 'pg'],
  ['no-suffix-means-pure', 'apps/gateway/src/keys.ts', '@nestjs/common'],
  ['apps-talk-only-through-contracts', 'apps/gateway/src/asks.handler.ts', '../../ledger/src/book.ts'],
  ['libs-never-import-apps', 'libs/persistence/src/knows-ledger.ts', '../../../apps/ledger/src/book.ts'],
  ['console-sees-only-contracts-and-money', 'apps/console/src/books.ts', '@app/bookkeeping'],
  [
    'libs-are-entered-by-the-front-door',
    'apps/ledger/src/deep.handler.ts',
    '../../../libs/kafka/src/inside.ts',
  ],
  ['testing-only-from-tests', 'apps/ledger/src/fakes.handler.ts', '@app/testing'],
  ['every-import-resolves', 'apps/ledger/src/missing.handler.ts', './not-there.ts'],
  ['no-circular', 'libs/funding/src/egg.ts', './hen.ts'],
  ['no-orphans', 'apps/ledger/src/forgotten.ts', ''],
];

/** What the broken files lean on, and files that look alike but break nothing. */
const sound: readonly (readonly [file: string, imports: readonly string[]])[] = [
  ...['money', 'decider', 'contracts', 'rating', 'bookkeeping', 'funding', 'config', 'observability'].map(
    index,
  ),
  ...['kafka', 'transport', 'persistence', 'testing', 'tokens'].map(index),
  ['libs/tokens/src/threads.client.ts', ['node:worker_threads']],
  ['libs/money/src/kafka-inside.ts', ['kafkajs']],
  ['libs/money/src/decimals.ts', ['decimal.js', '@app/decider']],
  ['libs/kafka/src/inside.ts', ['kafkajs', '@app/contracts', '@app/config', '@app/observability']],
  ['libs/observability/src/logs.ts', ['pino', 'prom-client']],
  ['libs/persistence/src/database.ts', ['pg', 'typeorm', '@app/kafka', '@app/contracts']],
  ['libs/funding/src/hen.ts', ['./egg.ts']],
  ['apps/ledger/src/book.ts', ['@app/bookkeeping', '@app/money']],
  ['apps/ledger/src/journal.store.ts', ['pg', './book.ts']],
  ['apps/ledger/src/journal.int.spec.ts', ['pg', '@app/testing']],
  ['apps/ledger/src/main.ts', ['@nestjs/common']],
  ['apps/console/src/balance.ts', ['@app/contracts', '@app/money']],
];

const packages = ['@nestjs/common', 'typeorm', 'pg', 'kafkajs', 'decimal.js', 'zod', 'pino', 'prom-client'];

describe('the dependency rules', () => {
  let tree: string;
  let violations: readonly Violation[];

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'haoli-boundaries-'));
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'tsconfig.base.json']) {
      cpSync(join(root, file), join(tree, file));
    }
    for (const name of packages) {
      write(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      write(`node_modules/${name}/index.js`, '');
    }
    for (const [file, imports] of sound) write(file, importing(imports));
    for (const [, file, imports] of broken) write(file, importing(imports === '' ? [] : [imports]));
    violations = cruise(tree);
  });
  afterAll(() => {
    rmSync(tree, { recursive: true, force: true });
  });

  it.each(broken)('%s reports %s importing "%s"', (rule, file) => {
    expect(violations.map(({ rule: { name }, from }) => `${name}: ${from}`)).toContain(`${rule}: ${file}`);
  });

  it('report nothing about files that keep them', () => {
    const bad = new Set([
      ...broken.map(([, file]) => file),
      'libs/money/src/kafka-inside.ts',
      'libs/funding/src/hen.ts',
    ]);
    expect(violations.filter(({ from }) => !bad.has(from))).toEqual([]);
  });

  it('are all broken here once', () => {
    expect(ruleNames().filter((name) => !broken.some(([rule]) => rule === name))).toEqual([]);
  });

  it('see packages where the rules look for them', () => {
    // A node_modules that is a link to elsewhere would let every rule about packages pass in silence.
    const report = depcruise(root, ['libs/money/src']);
    const paths = report.modules.map(({ source }) => source);
    expect(paths.some((path) => path.startsWith('node_modules/decimal.js/'))).toBe(true);
  });

  function write(file: string, text: string) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  }
});

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly Violation[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
  };
}

const cruise = (tree: string) => depcruise(tree, ['apps', 'libs']).summary.violations;

const ruleNames = () =>
  depcruise(root, ['libs/decider/src']).summary.ruleSetUsed.forbidden.map(({ name }) => name);

function depcruise(cwd: string, folders: readonly string[]): Report {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  try {
    return JSON.parse(
      execFileSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 }),
    ) as Report;
  } catch (error) {
    // The exit status is the number of violations; the report is on standard output all the same.
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined || stdout === '') throw error;
    return JSON.parse(stdout) as Report;
  }
}

function index(lib: string): readonly [string, readonly string[]] {
  return [`libs/${lib}/src/index.ts`, []];
}

function importing(modules: readonly string[]): string {
  return [...modules.map((name) => `import '${name}';`), 'export const here = 1;', ''].join('\n');
}
