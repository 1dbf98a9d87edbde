import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readTable } from './price-file.ts';
import { auditTable } from './published-table.ts';

const table = readTable(
  readFileSync(new URL('../../../../docs/samples/prices/credit-table.csv', import.meta.url), 'utf8'),
);
const findings = auditTable(table);
const of = (row: number) => findings.filter((finding) => finding.row === row);

describe('auditTable', () => {
  it('reports the shifted cells of gpt-3.5-turbo, with the figures that would fit', () => {
    expect(of(2).find(({ field }) => field === 'row')).toMatchObject({
      stated: 'price 0.0142, credits 0.004',
      formula: '0.004 × 10000 = 40',
      candidates: [{ cause: 'cells-shifted', value: 'price 0.004, credits 40' }],
    });
    expect(of(2).find(({ field }) => field === 'credits')).toMatchObject({
      stated: '0.004',
      computed: '142',
    });
  });

  it('reports ¥0.004 where $0.002 × 7.1 ÷ 3.05 is ¥0.004655…, in the table and in the text, without choosing a cause', () => {
    const expected = {
      ...{ stated: '0.004', computed: '0.005', exact: '0.004655737704…', formula: '0.002 × 7.1 × 1 ÷ 3.05' },
      candidates: [
        { cause: 'other-exchange-rate', value: '6.1' },
        { cause: 'other-divisor', value: '3.55' },
        { cause: 'other-rounding', value: 'down, 3 decimals' },
      ],
    };
    expect(of(2).find(({ field }) => field === 'price if shifted')).toMatchObject(expected);
    expect(of(6)).toMatchObject([{ field: 'price', ...expected }]);
  });

  it('reports ¥0.231 where $0.03 × 7.1 is ¥0.213, once as the cause and once as what follows from it', () => {
    expect(of(3)).toMatchObject([
      {
        ...{ field: 'officialLocal', stated: '0.231', computed: '0.213', exact: '0.213' },
        candidates: [
          { cause: 'other-exchange-rate', value: '7.7' },
          { cause: 'transposed-digits', value: '0.213' },
        ],
      },
      { field: 'price', candidates: [{ cause: 'follows-from-the-cell-before' }, {}, {}] },
    ]);
  });

  it('finds nothing in the rows that follow: $0.06 × 7.1 = ¥0.426, and about ¥0.36 an image', () => {
    expect([...of(4), ...of(5)]).toEqual([]);
  });

  it('reports no other row', () => {
    expect([...new Set(findings.map(({ row }) => row))]).toEqual([2, 3, 6]);
  });
});
