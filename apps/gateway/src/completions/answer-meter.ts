import { AnswerText } from './answer-text.ts';

/** What an answer showed of itself while it passed: enough to decide what it costs, none of its words. */
export interface Observed {
  /** The provider's last usage report, as it came; undefined where there was none. */
  readonly usage: unknown;
  /** At least one word, tool call or refusal came. */
  readonly hasOutput: boolean;
  /** At least one choice said why it ended. */
  readonly hasFinishReason: boolean;
}

/** What is to be done with an event of the stream. */
export type Reading = 'pass' | 'usage' | 'done' | 'error';

interface Choice {
  readonly index?: unknown;
  readonly delta?: unknown;
  readonly message?: unknown;
  readonly finish_reason?: unknown;
}

/** Reads a chat completion as it passes, whole or chunk by chunk. */
export class AnswerMeter implements Observed {
  usage: unknown = undefined;
  hasOutput = false;
  hasFinishReason = false;
  isDone = false;
  /** The provider's usage chunk, to be given on with the charge in it. */
  usageChunk: Readonly<Record<string, unknown>> | undefined = undefined;
  /** A chunk of the stream, to make a usage chunk of where the provider sent none of its own. */
  anyChunk: Readonly<Record<string, unknown>> | undefined = undefined;
  /** Its words, to be counted where the provider does not. */
  readonly text: AnswerText;

  constructor(outputTokensMax: number) {
    this.text = new AnswerText(outputTokensMax);
  }

  /** Reads the data of one event of a stream. */
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

  /** Reads a whole answer, or one chunk of a stream. */
  chunk(chunk: Readonly<Record<string, unknown>>): Reading {
    this.anyChunk ??= chunk;
    const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as readonly unknown[]) : [];
    for (const choice of choices) if (isObject(choice)) this.choice(choice);
    const { usage } = chunk;
    if (usage === undefined || usage === null) return 'pass';
    // Some providers repeat their usage as it grows, some send it twice: the last report counts, reports are never added.
    this.usage = usage;
    if (choices.length > 0) return 'pass';
    this.usageChunk = chunk;
    return 'usage';
  }

  private choice({ index, delta, message, finish_reason: finishReason }: Choice): void {
    if (typeof finishReason === 'string' && finishReason !== '') this.hasFinishReason = true;
    this.hasOutput ||= saysSomething(delta) || saysSomething(message);
    this.text.add(Number(index ?? 0), delta ?? message);
  }
}

const isObject = (value: unknown): value is Choice => typeof value === 'object' && value !== null;

const wordFields = ['content', 'refusal', 'reasoning', 'reasoning_content'] as const;

function saysSomething(part: unknown): boolean {
  if (part === null || typeof part !== 'object') return false;
  const said = part as Readonly<Record<string, unknown>>;
  if (wordFields.some((field) => typeof said[field] === 'string' && said[field] !== '')) return true;
  if (said['function_call'] !== undefined && said['function_call'] !== null) return true;
  return Array.isArray(said['tool_calls']) && said['tool_calls'].length > 0;
}

/** The JSON object in a text, or undefined where there is none. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
