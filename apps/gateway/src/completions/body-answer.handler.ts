import { Injectable } from '@nestjs/common';
import { upstreamBroke } from '../openai/openai-error.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { AnswerMeter, objectIn } from './answer-meter.ts';
import { endOfCall, type Passage, uncharged } from './call-end.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { usageWithCost } from './shown-usage.ts';
import { textOf } from './text-of.ts';
import { type UpstreamAnswer, UpstreamFailure } from './upstream.ts';

const bodyBytesMax = 32 * 1_024 * 1_024;

/** Relays an answer that comes whole. It is read to its end even where the client has left: the work was done. */
@Injectable()
export class BodyAnswerHandler {
  constructor(private readonly finish: FinishCallHandler) {}

  /** The answer with its charge in it. */
  async handle(call: AdmittedCall, answer: UpstreamAnswer): Promise<Readonly<Record<string, unknown>>> {
    const completion = await this.read(call, answer);
    const meter = new AnswerMeter();
    meter.chunk(completion);
    const { end, charge } = endOfCall(meter, 'complete', call.price);
    await this.finish.handle(call, { end, statusCode: 200, usage: meter.usage });
    return meter.usage === undefined
      ? completion
      : { ...completion, usage: usageWithCost(meter.usage, charge) };
  }

  private async read(call: AdmittedCall, answer: UpstreamAnswer): Promise<Readonly<Record<string, unknown>>> {
    const text = await textOf(answer.body, bodyBytesMax).catch((error: unknown) => passageOf(error));
    const completion = typeof text === 'string' ? undefined : objectIn(text.text);
    if (completion !== undefined && Array.isArray(completion['choices'])) return completion;
    const timedOut = text === 'upstream-timed-out';
    const failure = upstreamBroke(timedOut ? 504 : 502);
    const { end } = uncharged(timedOut ? 'upstream_timeout' : 'upstream_failed');
    await this.finish.handle(call, { end, statusCode: failure.details.status });
    throw failure;
  }
}

const passageOf = (error: unknown): Passage =>
  error instanceof UpstreamFailure && (error.kind === 'timed-out' || error.kind === 'aborted')
    ? 'upstream-timed-out'
    : 'upstream-failed';
