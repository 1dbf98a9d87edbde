import { newId } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.ts';
import { type ModelRequest, objectIn } from '../endpoints/endpoint.ts';
import { badRequest, modelNotFound, upstreamBroke } from '../openai/openai-error.ts';
import { AdmitCallHandler } from '../relay/admit-call.handler.ts';
import type { AdmittedCall } from '../relay/admitted-call.ts';
import { uncharged } from '../relay/call-end.ts';
import { FinishCallHandler } from '../relay/finish-call.handler.ts';
import { StartCallHandler } from '../relay/start-call.handler.ts';
import { textOf } from '../relay/text-of.ts';
import { AskModelHandler } from '../upstreams/ask-model.handler.ts';
import { type RoutedAnswer, UpstreamFailure } from '../upstreams/upstream.ts';
import { type ImageTask, ImageTasksStore } from './image-tasks.store.ts';
import { submissionOf } from './provider-task.ts';
import { WatchTasksJob } from './watch-tasks.job.ts';

const submitTimeoutMs = 30_000;
const answerBytesMax = 65_536;

/** Orders a picture: money is set aside, the start is on record, and then the provider is asked. */
@Injectable()
export class SubmitTaskHandler {
  constructor(
    private readonly admission: AdmitCallHandler,
    private readonly starts: StartCallHandler,
    private readonly models: AskModelHandler,
    private readonly finish: FinishCallHandler,
    private readonly tasks: ImageTasksStore,
    private readonly watch: WatchTasksJob,
  ) {}

  /**
   * The task, once its provider has taken it. Throws an OpenAiError where it did not; then nothing is charged. `leave` is called
   * once, when the call is over: at the end of the picture, or where none is ordered.
   */
  async handle(caller: Caller, request: ModelRequest, leave: () => void): Promise<ImageTask> {
    try {
      return await this.order(caller, request, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async order(caller: Caller, request: ModelRequest, leave: () => void): Promise<ImageTask> {
    if (!this.models.serves(request.model, request.endpoint)) throw modelNotFound(request.model);
    const call = await this.admission.handle(caller, request);
    await this.starts.handle(call);
    const { providerId, answer } = await this.submit(call, request);
    const { upstream } = answer.route;
    const { callId, customerId, model, priceVersionId } = call.facts;
    const { currency } = call.hold;
    const taskId = newId('imgtask');
    const task = await this.tasks
      .insert({ taskId, customerId, callId, model, currency, priceVersionId })
      .catch((error: unknown) => this.refuse(call, 'abandoned', error));
    this.watch.add({
      taskId,
      providerId,
      request,
      upstream,
      leave,
      call: { ...call, upstream: upstream.code },
    });
    return task;
  }

  private async submit(
    call: AdmittedCall,
    request: ModelRequest,
  ): Promise<{ readonly providerId: string; readonly answer: RoutedAnswer }> {
    const asked = { request, limit: call.limit, signal: AbortSignal.timeout(submitTimeoutMs) };
    const answer = await this.models.handle(asked).catch((error: unknown) => {
      const isLate = error instanceof UpstreamFailure && ['timed-out', 'aborted'].includes(error.kind);
      return this.refuse(
        call,
        isLate ? 'upstream_timeout' : 'upstream_failed',
        upstreamBroke(isLate ? 504 : 502),
      );
    });
    const text = await textOf(answer.body, answerBytesMax).catch(() => ({ text: '' }));
    const submission = submissionOf(answer.status === 200 ? (objectIn(text.text) ?? {}) : {});
    if (submission.isTaken) return { providerId: submission.providerId, answer };
    return submission.isModerated
      ? this.refuse(
          call,
          'moderated',
          badRequest('prompt', 'The model refused the prompt.', 'moderation_blocked'),
        )
      : this.refuse(call, 'upstream_rejected', upstreamBroke(503));
  }

  private async refuse(
    call: AdmittedCall,
    reason: Parameters<typeof uncharged>[0],
    error: unknown,
  ): Promise<never> {
    await this.finish.handle(call, { end: uncharged(reason).end, statusCode: 502 });
    throw error;
  }
}
