/**
 * A PostgreSQL array under construction, in its text form.
 * Written by hand because the driver escapes every element by several passes, which costs more than all the rest of a batch.
 */
export class ArrayText {
  private text = '';
  private size = 0;

  /** Elements so far. */
  get length(): number {
    return this.size;
  }

  /** Adds a figure, a hash, an instant, or another word that is known to need no quotes. */
  plain(word: string | number | bigint): void {
    this.text += this.size === 0 ? String(word) : `,${String(word)}`;
    this.size += 1;
  }

  /** Adds any text, or NULL. */
  any(value: string | null): void {
    this.plain(value === null ? 'NULL' : quoted(value));
  }

  /** Adds NULL. */
  nothing(): void {
    this.plain('NULL');
  }

  toString(): string {
    return `{${this.text}}`;
  }
}

const needsNoQuotes = /^[A-Za-z0-9_.:/-]+$/;
const mustBeEscaped = /["\\]/;

function quoted(value: string): string {
  if (needsNoQuotes.test(value) && (value.length !== 4 || value.toUpperCase() !== 'NULL')) return value;
  return mustBeEscaped.test(value)
    ? `"${value.replaceAll(/["\\]/g, (found) => `\\${found}`)}"`
    : `"${value}"`;
}
