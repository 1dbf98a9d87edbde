import { Injectable } from '@nestjs/common';
import { upstreamBroke } from '../openai/openai-error.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { AnswerMeter, objectIn } from './answer-meter.ts';
import { type Passage, uncharged } from './call-end.ts';
import { type AskedCall, EndCallHandler } from './end-call.handler.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { shownUsage, usageWithCost } from './shown-usage.ts';
import { textOf } from './text-of.ts';
import { type UpstreamAnswer, UpstreamFailure } from './upstream.ts';

const bodyBytesMax = 32 * 1_024 * 1_024;

/** Relays an answer that comes whole. It is read to its end even where the client has left: the work was done. */
@Injectable()
export class BodyAnswerHandler {
  constructor(
    private readonly ends: EndCallHandler,
    private readonly finish: FinishCallHandler,
  ) {}

  /** The answer with its charge in it. */
  async handle(asked: AskedCall, answer: UpstreamAnswer): Promise<Readonly<Record<string, unknown>>> {
    const { call } = asked;
    const completion = await this.read(call, answer);
    const meter = new AnswerMeter(call.outputTokensMax);
    meter.chunk(completion);
    const { end, charge } = await this.ends.handle(asked, meter, 'complete');
    await this.finish.handle(call, {
      end,
      statusCode: 200,
      usage: meter.usage,
      seen: { outputText: meter.hasOutput },
    });
    const usage = shownUsage(meter.usage, end);
    return usage === undefined ? completion : { ...completion, usage: usageWithCost(usage, charge) };
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
