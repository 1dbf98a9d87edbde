/** What a choice can say, in the order in which it is counted. */
const strands = ['content', 'reasoning', 'refusal', 'calls'] as const;
type Strand = (typeof strands)[number];

/** Far more than the tokens of any language have on average, so that only text without end is cut. */
const unitsPerToken = 16;
/** However long an answer may be, no more of one call is kept: 2 MiB of English, twice that of Chinese. */
const unitsAtMost = 2 * 1_024 * 1_024;
/** So many small pieces are made one, because each costs more memory than the few letters in it. */
const piecesMax = 1_024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The words of an answer while it passes, for the one case that they must be counted. Kept in memory only, never logged,
 * and bounded by the output that the call's hold covers: what a provider sends beyond that is not kept.
 */
export class AnswerText {
  private readonly choices = new Map<number, Partial<Record<Strand, string[]>>>();
  private unitsLeft: number;
  /** How many bytes were said in all: no honest count of tokens is higher. */
  bytes = 0;

  constructor(outputTokensMax: number) {
    this.unitsLeft = Math.min(outputTokensMax * unitsPerToken, unitsAtMost);
  }

  /** Adds a message, or a piece of one, of the choice with this number. */
  add(choice: number, part: unknown): void {
    if (!isFields(part)) return;
    this.push(choice, 'content', part['content']);
    // Some providers send the same words under both names.
    this.push(choice, 'reasoning', part['reasoning_content'] ?? part['reasoning']);
    this.push(choice, 'refusal', part['refusal']);
    const calls: readonly unknown[] = Array.isArray(part['tool_calls']) ? part['tool_calls'] : [];
    for (const call of [...calls.map(functionOf), part['function_call']]) {
      if (!isFields(call)) continue;
      this.push(choice, 'calls', call['name']);
      this.push(choice, 'calls', call['arguments'] ?? call['input']);
    }
  }

  /** The whole text of each choice: joined first, because the tokens of pieces are more than those of the whole. */
  texts(): readonly string[] {
    return [...this.choices.values()].map((said) =>
      strands.map((strand) => (said[strand] ?? []).join('')).join(''),
    );
  }

  private push(choice: number, strand: Strand, text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.bytes += Buffer.byteLength(text);
    if (this.unitsLeft === 0) return;
    const kept = text.slice(0, this.unitsLeft);
    this.unitsLeft -= kept.length;
    const said = this.choices.get(choice) ?? {};
    this.choices.set(choice, said);
    const pieces = said[strand] ?? [];
    said[strand] = pieces.length < piecesMax ? pieces : [pieces.join('')];
    said[strand].push(kept);
  }
}

const functionOf = (call: unknown): unknown =>
  isFields(call) ? (call['function'] ?? call['custom']) : undefined;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
