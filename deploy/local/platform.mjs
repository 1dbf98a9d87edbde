// The sandbox and the four services as processes of their own, with the environment each of them reads.
// `npm start`, `npm run replay` and the flow specs all start the platform through this file.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { freePort } from './ports.mjs';
import { startProcess, stopProcess, untilReady } from './processes.mjs';
import { clientScopes, sealKeyIn, serviceNames } from './secrets.mjs';

const usualPorts = {
  ...{ gateway: 3000, metering: 3001, ledger: 3002, payments: 3003 },
  ...{ identity: 3010, wechat: 3011, upstream: 3012, alipay: 3013, bank: 3014 },
  ...{ meteringGrpc: 50051, ledgerGrpc: 50052, paymentsGrpc: 50053 },
};

/**
 * Starts everything and returns when all of it is ready.
 * `databases` has `{app, owner}` URLs by service; `started` is told of each process as soon as it exists.
 */
export async function startPlatform(options) {
  const { stateDir, logDir, started = () => {}, step = (_name, work) => work() } = options;
  mkdirSync(logDir, { recursive: true });
  const ports = await choosePorts(options.portOffset ?? 0);
  const addresses = addressesOf(ports, options);
  const run = (name) => startService({ name, ports, addresses, options, stateDir, logDir, started });
  const processes = new Map();
  const restart = async (name) => {
    processes.set(name, run(name));
    await serviceReady(processes.get(name), addresses);
  };

  if (options.issuer === undefined)
    await step('sandbox', async () => (await restart('sandbox'), addresses.OIDC_ISSUER));
  await Promise.all(
    serviceNames.map((name) =>
      step(name, async () => (await restart(name), addresses[`${name.toUpperCase()}_HTTP_URL`])),
    ),
  );
  await step('prices', () => pricesKnown(processes.get('gateway'), addresses));
  return {
    addresses,
    environment: toolEnvironment(addresses, options),
    process: (name) => processes.get(name),
    names: () => [...processes.keys()],
    restart,
    stop: () => stopAll([...processes.values()]),
  };
}

/** Services first and together, so that they drain while what they lean on is still there. */
async function stopAll(processes) {
  await Promise.all(processes.filter(({ name }) => name !== 'sandbox').map(stopProcess));
  await Promise.all(processes.filter(({ name }) => name === 'sandbox').map(stopProcess));
}

function startService({ name, ports, addresses, options, stateDir, logDir, started }) {
  const handle = startProcess({
    name,
    command: process.execPath,
    args: [
      '--enable-source-maps',
      // The ledger's batches of a thousand events live for longer than the young generation that V8 begins with.
      ...(name === 'ledger' ? ['--max-semi-space-size=64'] : []),
      '--disable-warning=TimeoutNegativeWarning',
      join(root, 'dist', 'apps', name, 'src', 'main.js'),
    ],
    env: { ...machineEnvironment(), ...environmentOf({ name, ports, addresses, options, stateDir }) },
    cwd: root,
    logFile: join(logDir, `${name}.log`),
  });
  started(handle);
  return handle;
}

function serviceReady(handle, addresses) {
  const url =
    handle.name === 'sandbox'
      ? `${addresses.OIDC_ISSUER}/.well-known/openid-configuration`
      : `${addresses[`${handle.name.toUpperCase()}_HTTP_URL`]}/readyz`;
  return untilReady(handle, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok)
      throw new Error(`${url} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  });
}

/** A model is sold once its price has come to the gateway, which on new topics takes a moment longer than its start. */
function pricesKnown(gateway, { GATEWAY_HTTP_URL }) {
  return untilReady(gateway, async () => {
    const { data: listed } = await (await fetch(`${GATEWAY_HTTP_URL}/v1/pricing`)).json();
    const figures = await (await fetch(`${GATEWAY_HTTP_URL}/metrics`)).text();
    const known = Number(/^haoli_prices_known (\d+)$/m.exec(figures)?.[1]);
    if (known < listed.length) throw new Error(`knows ${known} of ${listed.length} prices`);
    return `${known} known`;
  });
}

async function choosePorts(offset) {
  const ports = {};
  for (const [name, port] of Object.entries(usualPorts)) ports[name] = await freePort(port + offset);
  return ports;
}

function addressesOf(ports, { issuer, kafkaBrokers, topicPrefix = '' }) {
  const http = (port) => `http://127.0.0.1:${port}`;
  return {
    GATEWAY_HTTP_URL: http(ports.gateway),
    METERING_HTTP_URL: http(ports.metering),
    LEDGER_HTTP_URL: http(ports.ledger),
    PAYMENTS_HTTP_URL: http(ports.payments),
    METERING_GRPC_URL: `127.0.0.1:${ports.meteringGrpc}`,
    LEDGER_GRPC_URL: `127.0.0.1:${ports.ledgerGrpc}`,
    PAYMENTS_GRPC_URL: `127.0.0.1:${ports.paymentsGrpc}`,
    OIDC_ISSUER: issuer ?? http(ports.identity),
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    KAFKA_PARTITIONS: '3',
    UPSTREAM_BASE_URL: process.env['UPSTREAM_BASE_URL'] ?? `${http(ports.upstream)}/v1`,
    WECHATPAY_SANDBOX_URL: http(ports.wechat),
    ALIPAY_SANDBOX_URL: http(ports.alipay),
    BANK_SANDBOX_URL: http(ports.bank),
  };
}

function environmentOf({ name, ports, addresses, options, stateDir }) {
  if (name === 'sandbox') return sandboxEnvironment({ ports, options, stateDir });
  const upper = name.toUpperCase();
  const { app, owner } = options.databases[name];
  return {
    ...addresses,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    ...clientEnvironment('SERVICE', name, options.secrets),
    [`${upper}_HTTP_PORT`]: String(ports[name]),
    [`${upper}_DATABASE_URL`]: app,
    [`${upper}_MIGRATION_DATABASE_URL`]: owner,
    ...ownEnvironment(name, { addresses, options, stateDir }),
    ...options.extraEnvironment?.[name],
  };
}

function ownEnvironment(name, { addresses, options: { secrets }, stateDir }) {
  if (name === 'gateway')
    return {
      API_KEY_PEPPER: secrets.apiKeyPepper,
      UPSTREAM_API_KEY: secrets.upstreamKey,
      CALL_SPOOL_DIR: join(stateDir, 'call-spool'),
      WEBHOOKS_TO_PRIVATE_ADDRESSES: 'true',
    };
  if (name === 'payments') {
    return {
      WECHATPAY_BASE_URL: addresses.WECHATPAY_SANDBOX_URL,
      WECHATPAY_KEYS_DIR: join(stateDir, 'wechatpay'),
      WECHATPAY_NOTIFY_BASE_URL: addresses.PAYMENTS_HTTP_URL,
      ALIPAY_GATEWAY_URL: `${addresses.ALIPAY_SANDBOX_URL}/gateway.do`,
      ALIPAY_KEYS_DIR: join(stateDir, 'alipay'),
      ALIPAY_NOTIFY_BASE_URL: addresses.PAYMENTS_HTTP_URL,
      BANK_ACCOUNTS: JSON.stringify([sandboxBank]),
    };
  }
  if (name === 'ledger') return { SEAL_KEY_FILE: sealKeyIn(stateDir), SEALS_DIR: join(stateDir, 'seals') };
  return {};
}

/** Our account at the bank sandbox. */
const sandboxBank = {
  code: 'bank-sandbox',
  account: '6222020000000000001',
  accountName: 'Haoli Platform Ltd',
  bankName: 'Sandbox Bank',
  currency: 'CNY',
  settlementPayers: { 财付通支付科技有限公司: 'wechat-pay', 支付宝支付科技有限公司: 'alipay' },
  csv: {
    ...{ date: '交易日期', credit: '贷方金额', debit: '借方金额', balance: '余额' },
    ...{ partyName: '对方户名', partyAccount: '对方账号', memo: ['附言', '摘要'], reference: '交易流水号' },
  },
};

function sandboxEnvironment({ ports, options, stateDir }) {
  const clients = Object.entries(clientScopes).map(([id, scopes]) => ({
    id,
    secret: options.secrets.clients[id],
    scopes,
  }));
  return {
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    SANDBOX_HTTP_PORT: String(ports.identity),
    SANDBOX_CLIENTS: JSON.stringify(clients),
    SANDBOX_DIR: join(stateDir, 'sandbox'),
    SANDBOX_UPSTREAM_PORT: String(ports.upstream),
    UPSTREAM_API_KEY: options.secrets.upstreamKey,
    WECHATPAY_SANDBOX_PORT: String(ports.wechat),
    WECHATPAY_SANDBOX_DIR: join(stateDir, 'wechatpay'),
    ALIPAY_SANDBOX_PORT: String(ports.alipay),
    ALIPAY_SANDBOX_DIR: join(stateDir, 'alipay'),
    BANK_SANDBOX_PORT: String(ports.bank),
    BANK_SANDBOX_ACCOUNT: sandboxBank.account,
    ...options.extraEnvironment?.sandbox,
  };
}

/** What the story, the replay and the flow specs need: every address, and the clients that people and programs use. */
function toolEnvironment(addresses, { secrets }) {
  return {
    ...addresses,
    ...clientEnvironment('OPERATOR', 'operator', secrets),
    ...clientEnvironment('FINANCE', 'finance', secrets),
    ...clientEnvironment('FINANCE_MAKER', 'finance-maker', secrets),
    ...clientEnvironment('FINANCE_CHECKER', 'finance-checker', secrets),
    ...clientEnvironment('INTERNAL_SERVICE', 'internal-service', secrets),
  };
}

/** Clients of another identity provider are named by the environment; the sandbox's are ours. */
function clientEnvironment(prefix, client, secrets) {
  const own = client.toUpperCase().replaceAll('-', '_');
  return {
    [`${prefix}_CLIENT_ID`]: process.env[`${own}_CLIENT_ID`] ?? client,
    [`${prefix}_CLIENT_SECRET`]: process.env[`${own}_CLIENT_SECRET`] ?? secrets.clients[client],
  };
}

/** A service sees its own settings and nothing else of the shell that started it. */
function machineEnvironment() {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS'];
  return Object.fromEntries(
    kept.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]),
  );
}
