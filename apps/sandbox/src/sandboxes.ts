import { startAlipaySandbox } from './alipay/alipay-sandbox.ts';
import { startBankSandbox } from './bank/bank-sandbox.ts';
import { startIdentityProvider } from './identity/identity-provider.ts';
import type { SandboxSettings } from './sandbox-settings.ts';
import { startUpstream } from './upstream/start-upstream.ts';
import { startWechatSandbox } from './wechat/wechat-sandbox.ts';

/** A stand-in for one outside service. */
export interface RunningSandbox {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/** How each outside service is stood in for. A new one is one line more. */
const starters: readonly ((settings: SandboxSettings) => Promise<RunningSandbox>)[] = [
  async ({ SANDBOX_HTTP_PORT: port, SANDBOX_CLIENTS: clients, SANDBOX_DIR: directory }) => {
    const provider = await startIdentityProvider({ host, port, clients, directory });
    return { name: 'identity provider', url: provider.issuer, stop: () => provider.stop() };
  },
  async (settings) => {
    const sandbox = await startWechatSandbox(settings);
    return { name: 'WeChat Pay', url: sandbox.url, stop: () => sandbox.close() };
  },
  async (settings) => {
    const sandbox = await startAlipaySandbox(settings);
    return { name: 'Alipay', url: sandbox.url, stop: () => sandbox.close() };
  },
  async (settings) => {
    const sandbox = await startBankSandbox(settings);
    return { name: 'bank', url: sandbox.url, stop: () => sandbox.close() };
  },
  async ({ SANDBOX_UPSTREAM_PORT: port, UPSTREAM_API_KEY: key }) => {
    const upstream = await startUpstream({ host, port, key });
    return { name: 'model provider', url: upstream.url, stop: () => upstream.stop() };
  },
];

/** Starts every sandbox; where one cannot start, the others are stopped again. */
export async function startSandboxes(settings: SandboxSettings): Promise<readonly RunningSandbox[]> {
  const started = await Promise.allSettled(starters.map((start) => start(settings)));
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return running;
  await stopSandboxes(running);
  throw failed.reason instanceof Error ? failed.reason : new Error(String(failed.reason));
}

/** Stops all of them. */
export async function stopSandboxes(running: readonly RunningSandbox[]): Promise<void> {
  await Promise.allSettled(running.map((sandbox) => sandbox.stop()));
}
