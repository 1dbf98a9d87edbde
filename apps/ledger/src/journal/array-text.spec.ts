import { describe, expect, it } from '@jest/globals';
import { ArrayText } from './array-text.ts';

describe('ArrayText', () => {
  it('writes what PostgreSQL reads as the same texts', () => {
    const array = new ArrayText();
    array.plain('0.0195');
    array.plain(7);
    for (const value of [
      'hold_1:placed',
      'a b',
      'a,b',
      '{x}',
      'say "yes"',
      'back\\slash',
      '',
      'null',
      'NULL',
      null,
    ])
      array.any(value);
    array.nothing();
    expect(array.toString()).toBe(
      '{0.0195,7,hold_1:placed,"a b","a,b","{x}","say \\"yes\\"","back\\\\slash","","null","NULL",NULL,NULL}',
    );
    expect(array.length).toBe(13);
    expect(new ArrayText().toString()).toBe('{}');
  });
});
