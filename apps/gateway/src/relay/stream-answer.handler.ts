import { Injectable } from '@nestjs/common';
import type { ModelRequest, Observed } from '../endpoints/endpoint.ts';
import { type OpenAiError, upstreamBroke } from '../openai/openai-error.ts';
import type { AdmittedCall } from './admitted-call.ts';
import type { CallEnd, Passage } from './call-end.ts';
import type { ClientConnection } from './client-connection.ts';
import { EndCallHandler } from './end-call.handler.ts';
import { ExtendHoldHandler, type HoldWatch } from './extend-hold.handler.ts';
import { FinishCallHandler } from './finish-call.handler.ts';
import { withPublicModel } from './public-model.ts';
import { shownUsage } from './shown-usage.ts';
import { type ReadPiece, StreamReader } from './stream-reader.ts';
import { type UpstreamAnswer, type UpstreamBody, UpstreamFailure } from '../upstreams/upstream.ts';

/** A stream on its way from the provider to the client. */
export interface StreamedCall {
  readonly call: AdmittedCall;
  readonly request: ModelRequest;
  readonly answer: UpstreamAnswer;
  readonly client: ClientConnection;
  /** Ends the provider's answer. */
  readonly stop: () => void;
}

const restMsMax = 1_000;

/** Relays a stream. The call's end is on record before the client learns that it is over. */
@Injectable()
export class StreamAnswerHandler {
  constructor(
    private readonly ends: EndCallHandler,
    private readonly finish: FinishCallHandler,
    private readonly extensions: ExtendHoldHandler,
  ) {}

  async handle(streamed: StreamedCall): Promise<CallEnd['end']> {
    const { call, request, answer, client, stop } = streamed;
    const { endpoint, wantsUsage } = request;
    const meter = endpoint.meter(call.outputTokensMax);
    client.begin(call.facts.callId);
    const rename =
      call.isRenamed === true ? (text: string) => withPublicModel(text, request.model) : undefined;
    const watch = this.extensions.watch(call);
    const passing = new Passing(client, new StreamReader(meter, rename), watch);
    const rest = passing.read(answer.body);
    const { passage, error } = await passing.over;
    stopLater(stop, { rest, afterMs: passage === 'complete' ? restMsMax : 0 });
    const { end, charge, report } = await this.ends.handle({ call, request }, meter, passage);
    await this.finish.handle(call, { end, statusCode: 200, report });
    const usage = shownUsage(meter.usage, end, endpoint);
    const last =
      passage === 'complete'
        ? meter.closing({ usage, charge, wantsUsage })
        : endpoint.errorFrame(error ?? upstreamBroke());
    await client.write(rename?.(last) ?? last);
    client.end();
    return end;
  }
}

/** How a stream ended, and what its client is told where it did not end well. */
interface Relayed {
  readonly passage: Passage;
  readonly error?: OpenAiError;
}

/** Passes a provider's answer on until it ends for its client. */
class Passing {
  private readonly ended = Promise.withResolvers<Relayed>();
  private isOver = false;

  constructor(
    private readonly client: ClientConnection,
    private readonly reader: StreamReader,
    private readonly watch: HoldWatch,
  ) {}

  /** How the stream ended for its client, who has all that was passed on. */
  get over(): Promise<Relayed> {
    return this.ended.promise;
  }

  /** Resolves when the provider has ended its answer, of which nothing more is passed on once the stream is over. */
  async read(body: UpstreamBody): Promise<void> {
    const { client, reader } = this;
    try {
      await body.each((piece) => (this.isOver ? undefined : this.pass(reader.push(piece))));
      if (!this.isOver) await this.passLast(reader.finish());
    } catch (error) {
      this.end({ passage: passageOf(error, { client, meter: reader.meter }) });
    }
  }

  private pass({ relayed, ended }: ReadPiece): Promise<void> | undefined {
    const written = relayed.length > 0 ? this.client.write(relayed) : undefined;
    return written === undefined ? this.goOn(ended) : written.then(() => this.goOn(ended));
  }

  private goOn(ended: ReadPiece['ended']): Promise<void> | undefined {
    if (ended === undefined) return this.look();
    this.end(endingOf(ended));
    return undefined;
  }

  /** What came without a blank line behind it. A stream that just ends looks like success to every client: only one that said why it ended is. */
  private async passLast({ relayed, ended }: ReadPiece): Promise<void> {
    if (relayed.length > 0) await this.client.write(relayed);
    const isWhole = this.reader.meter.hasFinishReason;
    this.end(ended === undefined ? { passage: isWhole ? 'complete' : 'upstream-failed' } : endingOf(ended));
  }

  /** Asks whether the hold still covers what was passed on. */
  private look(): Promise<void> | undefined {
    return this.watch(this.reader.meter)?.then((error) => {
      if (error !== undefined) this.end({ passage: 'hold-refused', error });
    });
  }

  private end(relayed: Relayed): void {
    this.isOver = true;
    this.ended.resolve(relayed);
  }
}

const endingOf = (ended: 'done' | 'error'): Relayed => ({
  passage: ended === 'done' ? 'complete' : 'upstream-failed',
});

/** A provider that has said everything may end its answer by itself, so that its connection serves the next call. */
function stopLater(
  stop: () => void,
  { rest, afterMs }: { readonly rest: Promise<void>; readonly afterMs: number },
): void {
  if (afterMs === 0) {
    stop();
    return;
  }
  const timer = setTimeout(stop, afterMs);
  void rest.finally(() => {
    clearTimeout(timer);
  });
}

function passageOf(
  error: unknown,
  { client, meter }: { readonly client: ClientConnection; readonly meter: Observed },
): Passage {
  // Everything had come but the last word.
  if (meter.hasFinishReason && meter.usage !== undefined)
    return client.gone.aborted ? 'client-left' : 'complete';
  if (client.gone.aborted) return 'client-left';
  const kind = error instanceof UpstreamFailure ? error.kind : 'broken-off';
  return kind === 'timed-out' || kind === 'aborted' ? 'upstream-timed-out' : 'upstream-failed';
}
