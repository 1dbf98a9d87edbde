import { latestAnthropicUsage } from '@app/rating';
import { AnswerText } from './answer-text.ts';
import {
  type AnswerMeter,
  type Fields,
  isFields,
  listIn,
  objectIn,
  type Reading,
  type Shown,
  textIn,
  usageWithCost,
} from './endpoint.ts';

const frameOf = (event: Fields): string =>
  `event: ${textIn(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`;

/**
 * Reads a message of Anthropic's. Its stream tells the usage twice: the input when it begins, and with the reason why it
 * ended all of it, in sums. That last event is kept for the charge.
 */
export class MessagesMeter implements AnswerMeter {
  usageSoFar: unknown = undefined;
  hasOutput = false;
  hasFinishReason = false;
  readonly pictures = 0;
  private isDone = false;
  private delta: Fields | undefined = undefined;
  private hasFinalUsage = false;
  private readonly text: AnswerText;

  constructor(outputTokensMax: number) {
    this.text = new AnswerText(outputTokensMax);
  }

  /** What the beginning tells of the output is the provider's guess, and no usage. */
  get usage(): unknown {
    return this.hasFinalUsage ? this.usageSoFar : undefined;
  }

  event(data: string): Reading {
    const event = objectIn(data);
    if (event === undefined || this.isDone) return 'pass';
    switch (event['type']) {
      case 'message_start':
        this.told(isFields(event['message']) ? event['message']['usage'] : undefined);
        return 'pass';
      case 'content_block_start':
        this.block(event['index'], event['content_block']);
        return 'pass';
      case 'content_block_delta':
        this.block(event['index'], event['delta']);
        return 'pass';
      case 'message_delta':
        return this.end(event);
      case 'message_stop':
        this.isDone = true;
        return 'done';
      case 'error':
        return 'error';
      default:
        return 'pass';
    }
  }

  whole(answer: Fields): void {
    this.told(answer['usage']);
    this.hasFinalUsage = isFields(answer['usage']);
    this.hasFinishReason = textIn(answer['stop_reason']) !== '';
    listIn(answer['content']).forEach((block, at) => {
      this.block(at, block);
    });
  }

  texts(): readonly string[] {
    return this.text.texts();
  }

  get textBytes(): number {
    return this.text.bytes;
  }

  closing({ usage, charge }: Shown): string {
    const delta =
      this.delta === undefined ? '' : frameOf({ ...this.delta, usage: usageWithCost(usage, charge) });
    return `${delta}${frameOf({ type: 'message_stop' })}`;
  }

  private told(usage: unknown): void {
    this.usageSoFar = latestAnthropicUsage([this.usageSoFar, usage]);
  }

  /** A stream may report its usage more than once on its way: only that beside the reason is final. */
  private end(event: Fields): Reading {
    this.told(event['usage']);
    const delta = isFields(event['delta']) ? event['delta'] : {};
    if (textIn(delta['stop_reason']) === '') return 'pass';
    this.hasFinishReason = true;
    this.hasFinalUsage = isFields(event['usage']);
    this.delta = event;
    return 'hold';
  }

  private block(index: unknown, part: unknown): void {
    if (!isFields(part)) return;
    const { text, thinking, name, partial_json: json, input } = part;
    const given = isFields(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : json;
    this.hasOutput ||= [text, thinking, name, given].some((value) => textIn(value) !== '');
    this.text.add(Number(index ?? 0), {
      content: text,
      reasoning: thinking,
      function_call: { name, arguments: given },
    });
  }
}
