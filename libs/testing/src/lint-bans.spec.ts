import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const root = join(import.meta.dirname, '../../..');

/** What must not be written, where, and a word of the advice that comes with it. */
const banned: readonly (readonly [code: string, file: string, advice: string])[] = [
  ['parseFloat(text)', 'apps/ledger/src/any.handler.ts', 'Money'],
  ['Number.parseFloat(text)', 'apps/ledger/src/any.handler.ts', 'Money'],
  ['amount.toNumber()', 'apps/ledger/src/any.handler.ts', 'cents'],
  ['amount.toFixed(2)', 'apps/payments/src/any.handler.ts', 'rounds'],
  ['process.env.SECRET', 'apps/ledger/src/any.handler.ts', 'libs/config'],
  ['process.env.SECRET', 'libs/kafka/src/any.ts', 'libs/config'],
  [`export * from './any.ts'`, 'libs/kafka/src/index.ts', 'front door'],
  ['enum Colour { red }', 'apps/ledger/src/any.handler.ts', 'union'],
  ['new Date()', 'libs/money/src/any.ts', 'clock'],
  ['Date.now()', 'libs/rating/src/any.ts', 'clock'],
  ['Math.random()', 'libs/bookkeeping/src/any.ts', 'chance'],
  ['crypto.randomUUID()', 'libs/funding/src/any.ts', 'chance'],
  ['process.env.SECRET', 'libs/decider/src/any.ts', 'machine'],
  ['async function waits() {}', 'libs/contracts/src/any.ts', 'wait'],
  [`jest.mock('./any.ts')`, 'libs/money/src/any.spec.ts', 'fake'],
  [`it.skip('later', () => {})`, 'libs/money/src/any.spec.ts', 'run'],
  [`describe.only('this', () => {})`, 'libs/money/src/any.spec.ts', 'hides'],
];

const allowed: readonly (readonly [code: string, file: string])[] = [
  ['process.env.SECRET', 'libs/config/src/any.ts'],
  ['new Date()', 'apps/ledger/src/any.job.ts'],
  ['new Date(0)', 'libs/money/src/any.ts'],
  ['async function waits() {}', 'apps/ledger/src/any.handler.ts'],
  ['async function waits() {}', 'libs/money/src/any.spec.ts'],
];

describe('the lint rules', () => {
  it.each(banned)('refuse %s in %s', async (code, file, advice) => {
    expect((await adviceOn(code, file)).join('\n')).toContain(advice);
  });

  it.each(allowed)('allow %s in %s', async (code, file) => {
    expect(await adviceOn(code, file)).toEqual([]);
  });

  it('limit the size of what people must read', async () => {
    const { rules = {} } = await configOf('apps/ledger/src/any.handler.ts');
    expect(rules['max-lines']).toMatchObject([2, { max: 300 }]);
    expect(rules['max-lines-per-function']).toMatchObject([2, { max: 50 }]);
    expect(rules['complexity']).toEqual([2, 10]);
  });
});

/** What the project's own configuration says about a line of code in that place. */
async function adviceOn(code: string, file: string): Promise<string[]> {
  const { rules = {} } = await configOf(file);
  const restricted = rules['no-restricted-syntax'];
  const config = [
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser as Linter.Parser },
      rules: { 'no-restricted-syntax': restricted ?? 'off' },
    },
  ];
  return new Linter({ cwd: root }).verify(code, config, file).map(({ message }) => message);
}

async function configOf(file: string): Promise<Linter.Config> {
  return (await eslint.calculateConfigForFile(join(root, file))) as Linter.Config;
}

const eslint = new ESLint({ cwd: root });
