import { InvariantViolation } from '@app/decider';
import { Units18 } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { noon } from '../test/books.ts';
import {
  amount,
  count,
  framed,
  id,
  instant,
  listOf,
  type MemoField,
  oneOf,
  optional,
  record,
  unframed,
} from './memo-field.ts';

describe('a framed text', () => {
  it('says its length before it', () => {
    expect(framed('hello')).toBe('5:hello,');
    expect(framed('')).toBe('0:,');
    expect(unframed('5:hello,0:,3:a,b,')).toEqual(['hello', '', 'a,b']);
    expect(unframed('')).toEqual([]);
  });

  it.each([
    '5:hell,',
    '5:hello',
    '05:hello,',
    'hello',
    '4:hello,',
    '-1:,',
    '5:hello,x',
    ':,',
    '99999999999:x,',
  ])('is not %j', (text) => {
    expect(() => unframed(text)).toThrow(InvariantViolation);
  });
});

describe('a memo field', () => {
  function writes<Value>(field: MemoField<Value>, value: Value, text: string): void {
    expect(field.encode(value)).toBe(text);
    expect(field.decode(text)).toEqual(value);
  }

  it('writes each value in one way and reads it back', () => {
    writes(id, 'call_1', 'call_1');
    writes(id, '余额\\不足\n', '\\u4f59\\u989d\\u005c\\u4e0d\\u8db3\\u000a');
    writes(id, '\\u0041', '\\u005cu0041');
    writes(oneOf('loss', 'gain'), 'gain', 'gain');
    writes(amount, Units18.fromText('0.0195'), '0.0195');
    writes(amount, Units18.zero, '0');
    writes(instant, noon, '2026-11-22T04:00:00.000000Z');
    writes(count, 128, '128');
    writes(optional(id), null, '');
    writes(optional(id), '', '0:,');
    writes(optional(amount), Units18.fromText('1'), '1:1,');
    writes(listOf(id), [], '');
    writes(listOf(id), ['a', '', 'b'], '1:a,0:,1:b,');
    writes(record({ a: id, b: listOf(count) }), { a: 'x', b: [1, 2] }, '1:x,8:1:1,1:2,,');
  });

  it('refuses what it did not write', () => {
    expect(() => oneOf('loss', 'gain').decode('other')).toThrow('other is not one of loss, gain');
    expect(() => count.decode('1.5')).toThrow(InvariantViolation);
    expect(() => count.decode('01')).toThrow(InvariantViolation);
    expect(() => record({ a: id }).decode('1:x,1:y,')).toThrow('a memo has exactly the fields of its kind');
    expect(() => record({ a: id, b: id }).decode('1:x,')).toThrow(InvariantViolation);
  });
});
