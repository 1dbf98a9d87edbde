import { LLMock } from '@copilotkit/aimock';
import { answers } from './answers.ts';
import { PictureTasks } from './picture-tasks.ts';

/** Where the fake model provider listens. */
export interface UpstreamOptions {
  readonly host: string;
  readonly port: number;
  /** The key without which every request is answered with 401, as a real provider does. */
  readonly key: string;
}

/** A fake model provider that runs. */
export interface RunningUpstream {
  /** Its OpenAI-compatible base address, with `/v1`. */
  readonly url: string;
  /** Every request that came, with its headers and body: what a test looks at to see what was sent. */
  readonly requests: LLMock['getRequests'];
  stop(): Promise<void>;
}

const journalEntriesMax = 1_000;
const latencyMs = 5;

/** Starts a model provider that nobody here wrote: `@copilotkit/aimock`, with answers whose usage is known beforehand. */
export async function startUpstream({ host, port, key }: UpstreamOptions): Promise<RunningUpstream> {
  const mock = new LLMock({
    host,
    port,
    auth: { apiKeys: [key] },
    latency: latencyMs,
    journalMaxEntries: journalEntriesMax,
  });
  mock.addFixtures([...answers]);
  mock.mount('/v1/mj', new PictureTasks());
  await mock.start();
  return {
    url: `${mock.url}/v1`,
    requests: () => mock.getRequests(),
    stop: () => mock.stop(),
  };
}
