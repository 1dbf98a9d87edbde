import { AnswerText } from './answer-text.ts';
import {
  type AnswerMeter,
  type Fields,
  isFields,
  listIn,
  objectIn,
  type Reading,
  type Shown,
  usageWithCost,
} from './endpoint.ts';

/** Reads a chat completion, or a completion of text, as it passes, whole or chunk by chunk. */
export class ChatMeter implements AnswerMeter {
  usage: unknown = undefined;
  hasOutput = false;
  hasFinishReason = false;
  readonly pictures = 0;
  private isDone = false;
  /** The provider's usage chunk, to be given on with the charge in it. */
  private usageChunk: Fields | undefined = undefined;
  /** A chunk of the stream, to make a usage chunk of where the provider sent none of its own. */
  private anyChunk: Fields | undefined = undefined;
  private readonly text: AnswerText;

  constructor(outputTokensMax: number) {
    this.text = new AnswerText(outputTokensMax);
  }

  event(data: string): Reading {
    if (this.isDone) return 'pass';
    if (data === '[DONE]') {
      this.isDone = true;
      return 'done';
    }
    const chunk = objectIn(data);
    if (chunk === undefined) return 'pass';
    if (chunk['error'] !== undefined && chunk['error'] !== null) return 'error';
    return this.chunk(chunk);
  }

  whole(answer: Fields): void {
    this.chunk(answer);
  }

  texts(): readonly string[] {
    return this.text.texts();
  }

  get textBytes(): number {
    return this.text.bytes;
  }

  closing({ usage, charge, wantsUsage }: Shown): string {
    if (!wantsUsage || usage === undefined) return 'data: [DONE]\n\n';
    const chunk = { ...(this.usageChunk ?? this.anyChunk), choices: [], usage: usageWithCost(usage, charge) };
    return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
  }

  private chunk(chunk: Fields): Reading {
    this.anyChunk ??= chunk;
    const choices = listIn(chunk['choices']);
    for (const choice of choices) this.choice(choice);
    const { usage } = chunk;
    if (usage === undefined || usage === null) return 'pass';
    // Some providers repeat their usage as it grows, some send it twice: the last report counts, reports are never added.
    this.usage = usage;
    if (choices.length > 0) return 'pass';
    this.usageChunk = chunk;
    return 'hold';
  }

  private choice({ index, delta, message, text, finish_reason: reason }: Fields): void {
    if (typeof reason === 'string' && reason !== '') this.hasFinishReason = true;
    const said = [delta, message].find(isFields) ?? { content: text };
    this.hasOutput ||= saysSomething(said);
    this.text.add(Number(index ?? 0), said);
  }
}

const wordFields = ['content', 'refusal', 'reasoning', 'reasoning_content'] as const;

function saysSomething(said: Fields): boolean {
  if (wordFields.some((field) => typeof said[field] === 'string' && said[field] !== '')) return true;
  if (said['function_call'] !== undefined && said['function_call'] !== null) return true;
  return Array.isArray(said['tool_calls']) && said['tool_calls'].length > 0;
}
