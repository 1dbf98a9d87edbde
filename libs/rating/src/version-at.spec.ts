import { describe, expect, it } from '@jest/globals';
import { versionAt } from './version-at.ts';

const old = { id: 'prv_1', effectiveFrom: '2026-11-01T00:00:00Z' };
const present = { id: 'prv_2', effectiveFrom: '2026-11-22T08:00:00.000500Z' };

const moments: [string, typeof old | undefined][] = [
  ['2026-10-31T23:59:59.999999Z', undefined],
  ['2026-11-01T00:00:00Z', old],
  ['2026-11-22T08:00:00.000499Z', old],
  ['2026-11-22T08:00:00.0005Z', present],
  ['2036-11-22T08:00:00Z', present],
];

describe('versionAt', () => {
  it.each(moments)('at %s gives the version in force, in whatever order they are listed', (at, expected) => {
    expect(versionAt([old, present], at)).toBe(expected);
    expect(versionAt([present, old], at)).toBe(expected);
  });

  it('gives nothing where there are no versions', () => {
    expect(versionAt<typeof old>([], '2026-11-22T08:00:00Z')).toBeUndefined();
  });
});
