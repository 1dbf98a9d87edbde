/** One configuration for every kind of spec; the scripts choose the kind by file name. */
export default {
  testEnvironment: 'node',
  globalSetup: '<rootDir>/deploy/local/jest-setup.mjs',
  globalTeardown: '<rootDir>/deploy/local/jest-teardown.mjs',
  roots: ['<rootDir>/apps', '<rootDir>/libs'],
  testRegex: '\\.spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.haoli/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
  testTimeout: 60_000,
  collectCoverageFrom: [
    'libs/{money,decider,rating,bookkeeping,funding}/src/**/*.ts',
    '!**/index.ts',
    '!**/*.spec.ts',
  ],
  coverageDirectory: 'coverage',
};
