import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const ban = (selector, message) => ({ selector, message });

const specs = ['**/*.spec.ts', 'libs/testing/**/*.ts', 'apps/*/test/**/*.ts'];
const pureLibs = ['money', 'decider', 'contracts', 'rating', 'bookkeeping', 'funding'].map(
  (lib) => `libs/${lib}/src/**/*.ts`,
);
// Pure but for its threads, which are a shell.
const pureTokens = { files: ['libs/tokens/src/**/*.ts'], shell: ['libs/tokens/src/*.{client,job}.ts'] };

/** Holds everywhere. Each message names what to write instead. */
const bans = [
  ban("CallExpression[callee.name='parseFloat']", 'Money is text or Money, never a float.'),
  ban(
    "CallExpression[callee.object.name='Number'][callee.property.name='parseFloat']",
    'Money is text or Money, never a float.',
  ),
  ban(
    "MemberExpression[property.name='toNumber']",
    'Leaving exact arithmetic loses cents. Keep Money, or its text.',
  ),
  ban(
    "MemberExpression[property.name='toFixed']",
    'toFixed rounds in silence. Use Money.toText(), or floorToMinor and ceilToMinor.',
  ),
  ban(
    "CallExpression[callee.property.name='only'][callee.object.name=/^(it|test|describe)$/]",
    'A lone test hides the others. Name it on the command line.',
  ),
  ban('ExportAllDeclaration:not([exported])', 'Name what the front door exports.'),
  ban('TSEnumDeclaration', 'Use a union of literals: it needs no code and crosses every wire.'),
];

/** What may not happen where money gets its meaning: time, chance, the machine and waiting are arguments. */
const purityBans = [
  ban(
    "NewExpression[callee.name='Date'][arguments.length=0]",
    'A pure library has no clock. Take the instant as an argument.',
  ),
  ban(
    "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    'A pure library has no clock. Take the instant as an argument.',
  ),
  ban(
    "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    'A pure library has no chance. Take the id as an argument.',
  ),
  ban(
    "CallExpression[callee.object.name='crypto']",
    'A pure library has no chance. Take the id as an argument.',
  ),
  ban(
    "MemberExpression[object.name='process']",
    'A pure library knows no machine. Take the setting as an argument.',
  ),
  ban(':function[async=true]', 'A pure library does not wait. Waiting belongs in apps.'),
  ban('AwaitExpression', 'A pure library does not wait. Waiting belongs in apps.'),
];

const environmentBan = ban(
  "MemberExpression[object.name='process'][property.name='env']",
  'Only libs/config reads the environment. Add the setting to the schema of the service.',
);

const specBans = [
  ban(
    "CallExpression[callee.object.name='jest'][callee.property.name=/^(mock|unstable_mockModule|doMock)$/]",
    'Pass a fake at the port instead.',
  ),
  ban(
    'CallExpression[callee.object.name=/^(it|test|describe)$/][callee.property.name=/^(skip|todo)$/]',
    'A test that does not run proves nothing. Remove it, or make it run.',
  ),
];

const sizeLimits = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 10],
  'max-params': ['error', 3],
};
const noSizeLimits = Object.fromEntries(Object.keys(sizeLimits).map((rule) => [rule, 'off']));

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      '.haoli/',
      'apps/console/',
      'libs/contracts/src/proto/',
      'libs/testing/fixtures/',
    ],
  },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A module class of Nest is its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...bans, environmentBan],
      ...sizeLimits,
    },
  },
  { files: ['libs/config/src/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...bans] } },
  { files: pureLibs, ignores: specs, rules: { 'no-restricted-syntax': ['error', ...bans, ...purityBans] } },
  {
    files: pureTokens.files,
    ignores: [...specs, ...pureTokens.shell],
    rules: { 'no-restricted-syntax': ['error', ...bans, ...purityBans] },
  },
  {
    // Shells: what Nest puts into a constructor is no argument list that a caller could get wrong.
    files: ['apps/**/*.ts', 'libs/{config,observability,transport,kafka,persistence}/src/**/*.ts'],
    rules: { 'max-params': 'off', '@typescript-eslint/max-params': 'off' },
  },
  {
    // The story and the command-line tools talk to a person.
    files: ['apps/sandbox/src/story/**/*.ts', 'apps/bench/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: specs,
    rules: {
      ...noSizeLimits,
      'no-restricted-syntax': ['error', ...bans, ...specBans],
      // `expect(object.method)` is how Jest is spoken to.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // The start scripts run before anything is installed: plain JavaScript on Node's built-ins.
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'Buffer',
          'URL',
          'fetch',
          'AbortSignal',
          'AbortController',
          'module',
          'require',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { ...sizeLimits, eqeqeq: 'error', 'no-empty': ['error', { allowEmptyCatch: false }] },
  },
);
