import { log } from '@app/observability';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { ModelRequest } from '../endpoints/endpoint.ts';
import type { AdmittedCall } from '../relay/admitted-call.ts';
import { CallTimes } from '../relay/admit-call.handler.ts';
import { type CallEnd, uncharged } from '../relay/call-end.ts';
import { EndCallHandler } from '../relay/end-call.handler.ts';
import { FinishCallHandler } from '../relay/finish-call.handler.ts';
import { textOf } from '../relay/text-of.ts';
import { Upstream } from '../upstreams/upstream.ts';
import type { UpstreamAddress } from '../upstreams/upstream-routes.ts';
import { ImageTasksStore, type TaskEnd } from './image-tasks.store.ts';
import { type ProviderTask, tasksOf } from './provider-task.ts';

/** A task under way, and all that is needed to end its call. */
export interface WatchedTask {
  readonly taskId: string;
  readonly providerId: string;
  readonly call: AdmittedCall;
  readonly request: ModelRequest;
  readonly upstream: UpstreamAddress;
  /** Its key may make another call from then on. */
  readonly leave: () => void;
}

/** With `end` it has ended, and only its row does not say so yet. */
interface Watched extends WatchedTask {
  readonly since: number;
  end?: TaskEnd;
}

/** How often providers are asked. */
export class TaskTimes {
  constructor(readonly everyMs: number) {}
}

const listBytesMax = 8 * 1_024 * 1_024;
const askTimeoutMs = 10_000;
const delivered = {
  ...{ usage: undefined, hasOutput: false, hasFinishReason: true, pictures: 1, texts: () => [] },
};

/**
 * Watches the tasks of this gateway: one question to each provider for all of them. The call's end is on record before the
 * customer is told of the picture. What fails, takes too long or loses its gateway costs nothing.
 */
@Injectable()
export class WatchTasksJob
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly times: TaskTimes,
    private readonly callTimes: CallTimes,
    private readonly upstream: Upstream,
    private readonly tasks: ImageTasksStore,
    private readonly ends: EndCallHandler,
    private readonly finish: FinishCallHandler,
  ) {}

  /** Watches a task from now on. */
  add(task: WatchedTask): void {
    this.watched.set(task.taskId, { ...task, since: performance.now() });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.looking ??= this.look()
        .catch((error: unknown) => {
          log().warn({ err: error }, 'Picture tasks were not looked at');
        })
        .finally(() => {
          this.looking = undefined;
        });
    }, this.times.everyMs);
    this.timer.unref();
  }

  /** Nobody can go on where this gateway stops, for the holds are its own: the tasks end uncharged, except what is ending now. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    const open = [...this.watched.values()].filter(({ end }) => end === undefined);
    await Promise.allSettled(open.map((task) => this.fail(task, 'abandoned')));
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const givenUp = await this.tasks.stayAlive([...this.watched.keys()]);
    for (const task of this.watched.values()) {
      if (task.end) await this.record(task, task.end);
      else if (givenUp.has(task.taskId)) await this.fail(task, 'abandoned');
    }
    const groups = Map.groupBy(this.watched.values(), ({ upstream }) => upstream);
    await Promise.all([...groups].map(([upstream, tasks]) => this.lookAt(upstream, tasks)));
  }

  private async lookAt(upstream: UpstreamAddress, tasks: readonly Watched[]): Promise<void> {
    const told = new Map((await this.ask(upstream, tasks)).map((task) => [task.providerId, task]));
    for (const task of tasks) {
      const now = told.get(task.providerId);
      if (now?.status === 'succeeded') await this.succeed(task, now.imageUrl);
      else if (now?.status === 'failed') await this.fail(task, 'upstream_failed');
      else if (performance.now() - task.since > this.callTimes.deadlineMs)
        await this.fail(task, 'upstream_timeout');
    }
  }

  /** What the provider tells of its tasks; nothing where it does not answer, which is asked again. */
  private async ask(
    upstream: UpstreamAddress,
    tasks: readonly WatchedTask[],
  ): Promise<readonly ProviderTask[]> {
    const body = JSON.stringify({ ids: tasks.map(({ providerId }) => providerId) });
    const endpoint = { path: '/mj/task/list-by-condition', family: 'openai-images' as const };
    try {
      const answer = await this.upstream.ask({ upstream, endpoint, body }, AbortSignal.timeout(askTimeoutMs));
      const { text } = await textOf(answer.body, listBytesMax);
      return answer.status === 200 ? tasksOf(JSON.parse(text)) : [];
    } catch (error) {
      log().warn({ err: error, upstream: upstream.code }, 'A provider did not tell of its picture tasks');
      return [];
    }
  }

  private async succeed(task: Watched, imageUrl: string): Promise<void> {
    const { end, charge, report } = await this.ends.handle(task, delivered, 'complete');
    task.end = {
      status: 'succeeded',
      imageUrl,
      cost: charge?.amount ?? (end.kind === 'uncharged' ? '0' : null),
    };
    await this.finish.handle(task.call, { end, statusCode: 200, report });
    await this.record(task, task.end);
  }

  private async fail(
    task: Watched,
    reason: Extract<CallEnd['end'], { kind: 'uncharged' }>['reason'],
  ): Promise<void> {
    task.end = { status: 'failed', failure: reason };
    await this.finish.handle(task.call, { end: uncharged(reason).end, statusCode: 200 });
    await this.record(task, task.end);
  }

  /** A task is watched until its row says how it ended: what fails here is tried again. */
  private async record({ taskId, leave }: Watched, end: TaskEnd): Promise<void> {
    await this.tasks.end(taskId, end);
    if (this.watched.delete(taskId)) leave();
  }
}
