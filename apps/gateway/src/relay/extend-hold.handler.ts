import { log } from '@app/observability';
import { Money } from '@app/money';
import { Injectable } from '@nestjs/common';
import type { AnswerMeter } from '../endpoints/endpoint.ts';
import { insufficientQuota, type OpenAiError, unavailable } from '../openai/openai-error.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { countOutput } from './delivered-count.ts';
import { holdAmount, HoldSlices } from './hold-amount.ts';
import { type HoldAnswer, Holds } from './holds.ts';
import { TokenCounts } from './token-counts.ts';

/** A hold is extended when no more than this is left of it, so that what is on its way is covered. */
const marginTokens = 512;
const attemptsMax = 3;

/** What is known of a stream's output: so many tokens at so many bytes, and every byte since is one at most. */
interface Progress {
  tokens: number;
  bytes: number;
  held: number;
}

/** Says why a stream must end; undefined while it may go on, and a promise only where the hold must grow. */
export type HoldWatch = (meter: AnswerMeter) => Promise<OpenAiError | undefined> | undefined;

/** Keeps the holds of long streams ahead of what they deliver. */
@Injectable()
export class ExtendHoldHandler {
  constructor(
    private readonly holds: Holds,
    private readonly counts: TokenCounts,
    private readonly slices: HoldSlices,
  ) {}

  /** A watch over one stream, to be asked after each piece. */
  watch(call: AdmittedCall): HoldWatch {
    const progress: Progress = { tokens: 0, bytes: 0, held: call.outputTokensHeld };
    const margin = Math.min(marginTokens, Math.floor(this.slices.tokens / 4));
    const isCovered = ({ textBytes }: AnswerMeter) =>
      progress.held >= call.outputTokensMax ||
      progress.tokens + textBytes - progress.bytes + margin <= progress.held;
    const grow = async (meter: AnswerMeter) => {
      await this.count(call, meter, progress);
      while (!isCovered(meter)) {
        const refusal = await this.extend(call, progress);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    };
    return (meter) => (isCovered(meter) ? undefined : grow(meter));
  }

  /** Where tokens cannot be counted, their bytes stand for them: the hold then grows too early, never too late. */
  private async count({ facts }: AdmittedCall, meter: AnswerMeter, progress: Progress): Promise<void> {
    const bytes = meter.textBytes;
    const most = progress.tokens + bytes - progress.bytes;
    progress.tokens = await countOutput(facts.model, meter.texts(), this.counts).catch(() => most);
    progress.bytes = bytes;
  }

  private async extend(call: AdmittedCall, progress: Progress): Promise<OpenAiError | undefined> {
    const { version, admittedAt } = call.price;
    const { currency } = version;
    const next = Math.min(progress.held + this.slices.tokens, call.outputTokensMax);
    const [before, after] = [progress.held, next].map((outputTokensMax) => {
      const hold = holdAmount(
        { ...call.bound, usage: { ...call.bound.usage, outputTokensMax } },
        version,
        admittedAt,
      );
      return Money.of('amount' in hold ? hold.amount : '0', currency);
    });
    const by = (after ?? Money.zero(currency)).minus(before ?? Money.zero(currency)).toText();
    if (by !== '0') {
      const answer = await this.ask(call, `to-${String(next)}`, by);
      if (!answer?.isPlaced) return refusalOf(answer, by, currency);
    }
    progress.held = next;
    return undefined;
  }

  /** The answer; undefined where the ledger gave none. */
  private async ask(
    { facts, hold, limits }: AdmittedCall,
    extensionId: string,
    by: string,
  ): Promise<HoldAnswer | undefined> {
    const { holdId, customerId, callId, keyId } = facts;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      try {
        const { currency } = hold;
        return await this.holds.extend({ holdId, customerId, extensionId, by, currency, keyId, limits });
      } catch (error) {
        log().warn({ err: error, callId, attempt }, 'A hold was not extended: the ledger did not answer');
      }
    }
    return undefined;
  }
}

function refusalOf(answer: HoldAnswer | undefined, needed: string, currency: string): OpenAiError {
  if (answer === undefined || answer.isPlaced)
    return unavailable('Your balance cannot be checked at the moment, so the answer ends here.');
  return insufficientQuota({ needed, short: answer, currency, affordableTokens: undefined });
}
