import { describe, expect, it } from '@jest/globals';
import { numberOfItem } from './item-number.ts';

const legal = /^[0-9A-Za-z_\-|*@]{1,64}$/;

describe('numberOfItem', () => {
  it('can be read back from the id by a person', () => {
    expect(numberOfItem('ref_01JD5ZQ0A1B2C3D4E5F6G7H8J9.1')).toBe('ref_01JD5ZQ0A1B2C3D4E5F6G7H8J9-1');
  });

  it.each(['ref_1.1', 'a-1.1', 'rfi_x', 'x'.repeat(128), 'ref.1.1', '退款.1'])(
    'is legal and always the same for %s',
    (id) => {
      expect(numberOfItem(id)).toMatch(legal);
      expect(numberOfItem(id)).toBe(numberOfItem(id));
    },
  );

  it('is another one for another item', () => {
    const ids = ['ref_1.1', 'ref_1-1', 'ref_11', 'ref_1.11', 'ref_11.1', 'ref.1.1', 'ref-1.1'];
    expect(new Set(ids.map(numberOfItem)).size).toBe(ids.length);
  });
});
