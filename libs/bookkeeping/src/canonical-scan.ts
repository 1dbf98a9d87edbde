import { invariant } from '@app/decider';

const zero = 48;
const colon = 58;
const comma = 44;

/**
 * Goes through framed fields (`5:hello,`) without reading what is in them: `start` and `end` are the bounds of the field it is at,
 * `at` is where the next one begins. What is no frame is an InvariantViolation.
 */
export class FrameScan {
  at = 0;
  start = 0;
  end = 0;

  /** `text` may hold more than what is scanned. */
  constructor(readonly text: string) {}

  /** Goes to the next field. */
  next(): void {
    const { text } = this;
    let length = 0;
    let at = this.at;
    for (
      let digit = text.charCodeAt(at) - zero;
      digit >= 0 && digit <= 9;
      digit = text.charCodeAt(at) - zero
    ) {
      length = length * 10 + digit;
      at += 1;
    }
    const digits = at - this.at;
    const isNumber = digits === 1 || (digits > 1 && text.charCodeAt(this.at) !== zero);
    this.start = at + 1;
    this.end = this.start + length;
    this.at = this.end + 1;
    invariant(
      isNumber && text.charCodeAt(at) === colon && text.charCodeAt(this.end) === comma,
      'a canonical field has its length before it and a comma after it',
    );
  }

  /** Passes over some fields. */
  skip(fields: number): void {
    for (let left = fields; left > 0; left -= 1) this.next();
  }

  /** Goes on with the fields inside the one it is at. */
  enter(): void {
    this.at = this.start;
  }

  /** What is in the field. */
  content(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Whether the field holds just this. */
  is(content: string): boolean {
    return this.end - this.start === content.length && this.text.startsWith(content, this.start);
  }

  /** Passes over this text where it comes next. */
  passes(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }
}
