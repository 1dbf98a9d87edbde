// Who may import whom. The compiler cannot see these rules; `npm run check` fails when one is broken, and
// libs/testing/src/boundaries.spec.ts breaks each of them once to see that it is reported.
const SPEC = '\\.spec\\.ts$';
const PURE = '^libs/(money|decider|contracts|rating|bookkeeping|funding|tokens)/src/';
// What counts tokens is pure; the threads that it counts in are not.
const THREADS = '^libs/tokens/src/[^/]+\\.(client|job)\\.ts$';
const FOR_TESTS = '^libs/testing/|^apps/[^/]+/test/';
const GENERATED = '/src/proto/';
const shellPackages = (names) => `^node_modules/(@types/)?(${names})(/|$)`;
const FRAMEWORKS =
  '@nestjs|typeorm|pg|kafkajs|@grpc|reflect-metadata|express|fastify|@fastify|ioredis|pino|nestjs-pino|undici|jose';
// The types that are generated from .proto files name rxjs for streams; nobody else in a pure library may.
const SHELL_PACKAGES = shellPackages(`${FRAMEWORKS}|rxjs`);
const ROLES = 'controller|grpc|consumer|handler|store|entity|projection|client|job|module|spec';

/** Each library's floor: the libraries it may stand on. Pure ones also name their only package. */
const FLOORS = {
  decider: { libs: [], packages: [] },
  money: { libs: ['decider'], packages: ['decimal\\.js'] },
  contracts: { libs: ['money', 'decider'], packages: ['zod'] },
  rating: { libs: ['money', 'decider'], packages: [] },
  bookkeeping: { libs: ['money', 'decider'], packages: [] },
  funding: { libs: ['money', 'decider'], packages: [] },
  tokens: { libs: [], packages: [] },
  config: { libs: [] },
  observability: { libs: ['config'] },
  kafka: { libs: ['contracts', 'config', 'observability'] },
  transport: { libs: ['money', 'decider', 'contracts', 'config', 'observability', 'kafka'] },
  persistence: { libs: ['money', 'decider', 'contracts', 'config', 'observability', 'kafka'] },
  parking: { libs: ['observability', 'kafka', 'persistence', 'transport'] },
};

const floorRules = Object.entries(FLOORS).map(([lib, { libs, packages }]) => ({
  name: `${lib}-stands-only-on-its-floor`,
  comment: `libs/${lib} may import ${libs.join(', ') || 'no other library'}.`,
  severity: 'error',
  from: { path: `^libs/${lib}/src/`, pathNot: packages ? `${SPEC}|${GENERATED}` : SPEC },
  to: {
    path: packages ? '^(libs|node_modules)/' : '^libs/',
    pathNot: [
      `^libs/(${[lib, ...libs].join('|')})/`,
      ...(packages ?? []).map((name) => `^node_modules/${name}/`),
    ],
  },
}));

/** One technology, one importer: another client of Kafka, or another logger, is then a change in one folder. */
const onlyIn = ({ name, packages, home, comment }) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: home },
  to: { path: `^node_modules/(@types/)?(${packages})(/|$)` },
});

module.exports = {
  forbidden: [
    {
      name: 'pure-libs-know-no-framework',
      comment: 'What money means must not depend on Nest, SQL or Kafka, also not through something else.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: shellPackages(FRAMEWORKS), reachable: true },
    },
    {
      name: 'pure-libs-do-no-io',
      comment: 'No file, no network, no clock, no random bytes: everything comes as an argument.',
      severity: 'error',
      from: { path: PURE, pathNot: `${SPEC}|${THREADS}` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-libs-import-only-pure-libs',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: '^(apps|libs)/', pathNot: PURE },
    },
    ...floorRules,
    onlyIn({
      name: 'decimal-only-in-money',
      packages: 'decimal\\.js',
      home: '^libs/money/',
      comment: 'Money is the only door to decimals.',
    }),
    onlyIn({
      name: 'kafkajs-only-in-lib-kafka',
      packages: 'kafkajs',
      home: '^libs/(kafka|testing)/',
      comment: 'Another client must be a one-file change.',
    }),
    onlyIn({
      name: 'logger-and-metrics-only-in-observability',
      packages: 'pino|nestjs-pino|pino-http|prom-client',
      home: '^libs/observability/',
      comment: 'Log and count through libs/observability, which redacts secrets.',
    }),
    {
      name: 'sql-only-in-stores',
      comment: 'SQL and rows stay in .store, .entity, .projection and migrations.',
      severity: 'error',
      from: {
        pathNot: `${FOR_TESTS}|^libs/persistence/|\\.(store|entity|projection)\\.ts$|/migrations/|\\.(int|e2e|flow)${SPEC}`,
      },
      to: { path: '^node_modules/(@types/)?(typeorm|pg|@nestjs/typeorm)(/|$)' },
    },
    {
      name: 'no-suffix-means-pure',
      comment: 'The suffix says which wall a file touches; without one it touches none.',
      severity: 'error',
      from: {
        path: '^apps/(gateway|metering|ledger|payments)/src/',
        pathNot: `\\.(${ROLES})\\.ts$|/main\\.ts$|/migrations/`,
      },
      to: { path: SHELL_PACKAGES },
    },
    {
      name: 'apps-talk-only-through-contracts',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'console-sees-only-contracts-and-money',
      severity: 'error',
      from: { path: '^apps/console/' },
      to: { path: '^libs/', pathNot: '^libs/(contracts|money|decider)/' },
    },
    {
      name: 'libs-are-entered-by-the-front-door',
      comment: 'Import @app/<lib>; what its index.ts does not name is its own affair.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/.+', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/$2/'] },
    },
    {
      name: 'testing-only-from-tests',
      severity: 'error',
      from: { pathNot: `${SPEC}|${FOR_TESTS}` },
      to: { path: '^libs/testing/' },
    },
    { name: 'every-import-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports and that imports nobody is left over.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: `${SPEC}|/main\\.ts$|\\.d\\.ts$|/index\\.ts$|/migrations/|${GENERATED}`,
      },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.haoli)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
