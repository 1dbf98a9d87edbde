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
import { StreamReader } from './stream-reader.ts';
import { type UpstreamAnswer, UpstreamFailure } from '../upstreams/upstream.ts';

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
    const pieces = answer.body[Symbol.asyncIterator]();
    const rename =
      call.isRenamed === true ? (text: string) => withPublicModel(text, request.model) : undefined;
    const watch = this.extensions.watch(call);
    const { passage, error } = await relay(pieces, client, {
      reader: new StreamReader(meter, rename),
      watch,
    });
    void restOf(pieces, passage === 'complete' ? { stop, afterMs: restMsMax } : { stop, afterMs: 0 });
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

/** Passes everything on until the stream ends, and says how it did. */
async function relay(
  pieces: AsyncIterator<Buffer>,
  client: ClientConnection,
  { reader, watch }: { readonly reader: StreamReader; readonly watch: HoldWatch },
): Promise<Relayed> {
  const { meter } = reader;
  try {
    for (;;) {
      const piece = await pieces.next();
      const { relayed, ended } = piece.done === true ? reader.finish() : reader.push(piece.value);
      if (relayed.length > 0) await client.write(relayed);
      if (ended !== undefined) return { passage: ended === 'done' ? 'complete' : 'upstream-failed' };
      // A stream that just ends looks like success to every client: only one that said why it ended is.
      if (piece.done === true) return { passage: meter.hasFinishReason ? 'complete' : 'upstream-failed' };
      const error = await watch(meter);
      if (error !== undefined) return { passage: 'hold-refused', error };
    }
  } catch (error) {
    return { passage: passageOf(error, { client, meter }) };
  }
}

/** A provider that has said everything may end its answer by itself, so that its connection serves the next call. */
async function restOf(
  pieces: AsyncIterator<Buffer>,
  { stop, afterMs }: { readonly stop: () => void; readonly afterMs: number },
): Promise<void> {
  if (afterMs === 0) stop();
  const timer = setTimeout(stop, afterMs);
  try {
    while ((await pieces.next()).done !== true);
  } catch {
    // It was cut, or broke: nobody waits for it any more.
  } finally {
    clearTimeout(timer);
  }
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
