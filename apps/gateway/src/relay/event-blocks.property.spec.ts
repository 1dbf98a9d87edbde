import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventBlocks, EventTooLong } from './event-blocks.ts';

const blocksOf = (pieces: readonly Buffer[]): string[] => {
  const cutter = new EventBlocks(1_000_000);
  const blocks = pieces.flatMap((piece) => cutter.push(piece));
  return [...blocks, cutter.rest()].map((block) => block.toString('latin1'));
};

/** Cuts bytes at the given places, in any order. */
const cut = (whole: Buffer, places: readonly number[]): Buffer[] => {
  const at = [0, ...places.map((place) => place % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
};

const stream = fc
  .array(
    fc.constantFrom(
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      '\r\r',
      '\r\n\r\n',
      'data: {"a":"é中😀"}',
      ': hi',
      'event: x',
      'data:[DONE]',
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => Buffer.from(parts.join('')));

describe('EventBlocks', () => {
  it('changes no byte, wherever the pieces are cut', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 30 }), (whole, places) => {
        expect(blocksOf(cut(whole, places)).join('')).toBe(whole.toString('latin1'));
      }),
    );
  });

  it('finds the same events, wherever the pieces are cut', () => {
    const eventsOf = (pieces: readonly Buffer[]) =>
      blocksOf(pieces)
        .map((block) => block.replaceAll(/[\r\n]+/g, '\n').trim())
        .filter((block) => block !== '');
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 30 }), (whole, places) => {
        expect(eventsOf(cut(whole, places))).toEqual(eventsOf([whole]));
      }),
    );
  });

  it.each([
    ['data: a\n\ndata: b\n\n', ['data: a\n\n', 'data: b\n\n', '']],
    ['data: a\r\n\r\ndata: b\r\n\r\n', ['data: a\r\n\r\n', 'data: b\r\n\r\n', '']],
    ['data: a\r\rdata: b\r\r', ['data: a\r\r', 'data: b\r\r', '']],
    ['data: a\n\ndata: b', ['data: a\n\n', 'data: b']],
  ])('cuts %j at its blank lines', (text, expected) => {
    expect(blocksOf([Buffer.from(text)])).toEqual(expected);
  });

  it('gives a block at once when its last byte has come', () => {
    const cutter = new EventBlocks(1_000);
    expect(cutter.push(Buffer.from('data: a\r\n\r'))).toHaveLength(1);
    expect(cutter.push(Buffer.from('\ndata: b\r\n\r\n'))).toHaveLength(1);
  });

  it('does not gather an endless event', () => {
    const cutter = new EventBlocks(1_000);
    expect(() => cutter.push(Buffer.alloc(1_001, 0x61))).toThrow(EventTooLong);
  });
});
