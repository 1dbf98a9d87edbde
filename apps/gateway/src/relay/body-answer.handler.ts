import { Injectable } from '@nestjs/common';
import { type Fields, objectIn, usageWithCost } from '../endpoints/endpoint.ts';
import { upstreamBroke } from '../openai/openai-error.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { type CallEnd, type Passage, uncharged } from './call-end.ts';
import { type AskedCall, EndCallHandler } from './end-call.handler.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { shownUsage } from './shown-usage.ts';
import { type UpstreamAnswer, UpstreamFailure } from '../upstreams/upstream.ts';

const bodyBytesMax = 32 * 1_024 * 1_024;

/** Relays an answer that comes whole. It is read to its end even where the client has left: the work was done. */
@Injectable()
export class BodyAnswerHandler {
  constructor(
    private readonly ends: EndCallHandler,
    private readonly finish: FinishCallHandler,
    private readonly buffers: AnswerBuffers,
  ) {}

  /** The answer with its charge in it. */
  async handle(
    asked: AskedCall,
    answer: UpstreamAnswer,
  ): Promise<{ readonly end: CallEnd['end']; readonly body: Fields }> {
    const { call, request } = asked;
    const whole = await this.read(asked, answer);
    const meter = request.endpoint.meter(call.outputTokensMax);
    meter.whole(whole);
    const { end, charge, report } = await this.ends.handle(asked, meter, 'complete');
    await this.finish.handle(call, { end, statusCode: 200, report });
    const usage = shownUsage(meter.usage, end, request.endpoint);
    const body = {
      ...whole,
      ...(call.isRenamed === true ? { model: request.model } : {}),
      ...(usage === undefined ? {} : { usage: usageWithCost(usage, charge) }),
    };
    return { end, body };
  }

  private async read({ call, request }: AskedCall, answer: UpstreamAnswer): Promise<Fields> {
    const text = await this.buffers
      .text(answer.body, bodyBytesMax)
      .catch((error: unknown) => passageOf(error));
    const whole = typeof text === 'string' ? undefined : objectIn(text.text);
    if (whole !== undefined && request.endpoint.isAnswer(whole)) return whole;
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
