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

/** Which field of a message a piece of a stream belongs to, by the event that brought it. */
const strandOf: Readonly<Record<string, string>> = {
  'response.output_text.delta': 'content',
  'response.refusal.delta': 'refusal',
  'response.reasoning_text.delta': 'reasoning',
  'response.reasoning_summary_text.delta': 'reasoning',
};
const callDeltas: ReadonlySet<string> = new Set([
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
]);
const lastEvents: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete']);
const failures: ReadonlySet<string> = new Set(['error', 'response.failed', 'response.error']);

/** Reads an answer of the Responses API. Its last event carries the whole of it, usage included, and is kept for the charge. */
export class ResponsesMeter implements AnswerMeter {
  usage: unknown = undefined;
  hasOutput = false;
  hasFinishReason = false;
  readonly pictures = 0;
  private last: Fields | undefined = undefined;
  private readonly text: AnswerText;

  constructor(outputTokensMax: number) {
    this.text = new AnswerText(outputTokensMax);
  }

  event(data: string): Reading {
    const event = objectIn(data);
    if (event === undefined || this.last !== undefined) return 'pass';
    const type = textIn(event['type']);
    const hasFailed = failures.has(type) || isFields(event['error']);
    if (!hasFailed && !lastEvents.has(type)) {
      this.piece(type, event);
      return 'pass';
    }
    this.usage = isFields(event['response']) ? (event['response']['usage'] ?? undefined) : undefined;
    if (hasFailed) return 'error';
    this.hasFinishReason = true;
    this.last = event;
    return 'done';
  }

  whole(answer: Fields): void {
    this.usage = answer['usage'] ?? undefined;
    this.hasFinishReason = answer['status'] === 'completed' || answer['status'] === 'incomplete';
    listIn(answer['output']).forEach((item, at) => {
      this.item(at, item);
    });
  }

  texts(): readonly string[] {
    return this.text.texts();
  }

  get textBytes(): number {
    return this.text.bytes;
  }

  closing({ usage, charge }: Shown): string {
    const { last } = this;
    if (last === undefined) return '';
    const response = isFields(last['response']) ? last['response'] : {};
    const event = { ...last, response: { ...response, usage: usageWithCost(usage, charge) ?? null } };
    return `event: ${textIn(last['type'])}\ndata: ${JSON.stringify(event)}\n\n`;
  }

  /** One item of the output, such as a message or a call, is one choice of the text. */
  private piece(type: string, { output_index: index, delta, item }: Fields): void {
    const at = Number(index ?? 0);
    const strand = strandOf[type];
    if (strand !== undefined) this.said(at, { [strand]: delta });
    else if (callDeltas.has(type)) this.said(at, { function_call: { arguments: delta } });
    else if (type === 'response.output_item.added' && isFields(item) && textIn(item['name']) !== '')
      this.said(at, { function_call: { name: item['name'] } });
  }

  private item(at: number, { type, name, arguments: given, input, content, summary }: Fields): void {
    if (type === 'function_call' || type === 'custom_tool_call')
      this.said(at, { function_call: { name, arguments: given ?? input } });
    const strand = type === 'reasoning' ? 'reasoning' : 'content';
    for (const part of [...listIn(content), ...listIn(summary)])
      this.said(at, { [strand]: part['text'], refusal: part['refusal'] });
  }

  private said(at: number, part: Fields): void {
    this.hasOutput ||= Object.values(part).some((value) => isFields(value) || textIn(value) !== '');
    this.text.add(at, part);
  }
}
