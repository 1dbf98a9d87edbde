import { describe, expect, it } from '@jest/globals';
import { priceRequest, WrongCommand } from './price-command.ts';

const read = (file: string) => (file.endsWith('.json') ? '{"models":[]}' : `text of ${file}`);

describe('priceRequest', () => {
  it('imports a file by its ending, and says so where nothing is to be changed', () => {
    expect(priceRequest(['import', 'p.csv'], { 'dry-run': true }, read)).toEqual({
      ...{ method: 'POST', path: '/v1/price-book/imports', as: 'operator' },
      body: { format: 'csv', content: 'text of p.csv', dryRun: true },
    });
  });

  it('lets the second person decide', () => {
    const decision = { hash: 'f'.repeat(64), reason: 'agreed' };
    expect(priceRequest(['approve', 'prp_1'], decision, read)).toMatchObject({
      ...{ as: 'checker', path: '/v1/price-proposals/prp_1/approve' },
      body: { payloadSha256: decision.hash, reason: 'agreed' },
    });
  });

  it.each([
    [['import'], {}, 'a file is missing'],
    [['approve', 'prp_1'], {}, '--hash is missing'],
    [['import'], { official: 'l.json', card: 'x' }, '--from is missing'],
    [['publish'], {}, 'no command'],
  ])('says what is wrong with %j %j', (words, values, message) => {
    expect(() => priceRequest(words, values, read)).toThrow(WrongCommand);
    expect(() => priceRequest(words, values, read)).toThrow(message);
  });
});
