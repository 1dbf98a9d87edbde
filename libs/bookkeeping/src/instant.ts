import { invariant } from '@app/decider';

declare const unit: unique symbol;

/** A point in time as whole microseconds since 1970-01-01T00:00:00Z; a safe integer until the year 2255. */
export type Instant = number & { readonly [unit]: 'microseconds since 1970' };

/** Refuses a text that is no instant in UTC with at most six decimals. */
export class InvalidInstant extends Error {
  override readonly name = 'InvalidInstant';

  constructor() {
    super('an instant is written in UTC, such as "2026-11-22T08:00:00.123456Z"');
  }
}

const shape = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z$/;
const timeStart = 11;
const decimalsStart = 20;
const dayEnd = 10;
const microsecondsPerSecond = 1_000_000;
const microsecondsPerDay = 86_400_000_000;
const millisecondsPerDay = 86_400_000;

/** Takes whole microseconds since 1970 as they are; anything else is an InvariantViolation. */
function of(microseconds: number): Instant {
  invariant(Number.isSafeInteger(microseconds), 'an instant is a whole number of microseconds');
  return microseconds as Instant;
}

/** Reads a UTC instant with at most six decimals. Throws `InvalidInstant` where the text is none, or no such day exists. */
function fromText(text: string): Instant {
  if (!shape.test(text)) throw new InvalidInstant();
  const day = dayOf(text.slice(0, dayEnd));
  const hours = twoDigitsAt(text, timeStart);
  const minutes = twoDigitsAt(text, timeStart + 3);
  const seconds = twoDigitsAt(text, timeStart + 6);
  let microseconds = 0;
  let weight = microsecondsPerSecond;
  for (let at = decimalsStart; at < text.length - 1; at += 1) {
    weight /= 10;
    microseconds += (text.charCodeAt(at) - zeroCode) * weight;
  }
  const wholeSeconds = (hours * 60 + minutes) * 60 + seconds;
  return (day * microsecondsPerDay + wholeSeconds * microsecondsPerSecond + microseconds) as Instant;
}

/** Most instants that are read one after the other are of one day, too. */
const read = { day: 0, text: '1970-01-01' };

/** The number of a day that is written as `2026-11-22`. Throws `InvalidInstant` where there is no such day. */
function dayOf(text: string): number {
  if (text !== read.text) {
    const milliseconds = Date.parse(`${text}T00:00:00Z`);
    if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, dayEnd) !== text)
      throw new InvalidInstant();
    read.day = milliseconds / millisecondsPerDay;
    read.text = text;
  }
  return read.day;
}

const zeroCode = 48;

function twoDigitsAt(text: string, at: number): number {
  return (text.charCodeAt(at) - zeroCode) * 10 + text.charCodeAt(at + 1) - zeroCode;
}

/** Writes the one text form of an instant: UTC with six decimals, so that texts sort as the instants do. */
function toText(instant: Instant): string {
  const day = Math.floor(instant / microsecondsPerDay);
  const rest = instant - day * microsecondsPerDay;
  const seconds = Math.floor(rest / microsecondsPerSecond);
  const microseconds = rest - seconds * microsecondsPerSecond;
  const minutes = Math.floor(seconds / 60);
  const time = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  return `${dayText(day)}T${time}.${microseconds.toString().padStart(6, '0')}Z`;
}

/** Most instants that are written one after the other are of one day: its text is kept. */
const written = { day: 0, text: '1970-01-01' };

function dayText(day: number): string {
  if (day !== written.day) {
    written.text = new Date(day * millisecondsPerDay).toISOString().slice(0, dayEnd);
    written.day = day;
  }
  return written.text;
}

function twoDigits(count: number): string {
  return count < 10 ? `0${count}` : count.toString();
}

/** Instants in UTC to the microsecond; comparison is that of numbers. */
export const Instant = { of, fromText, toText } as const;
