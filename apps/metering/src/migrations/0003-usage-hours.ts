import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sums by the hour, beside those by the quarter of one: a range of months is then a quarter of the rows. */
export class UsageHours implements MigrationInterface {
  readonly name = 'UsageHours0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(hours);
    await runner.query(filled);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const hours = `
  CREATE TABLE usage_hour (LIKE usage_quarter) WITH (fillfactor = 70);
  ALTER TABLE usage_hour RENAME COLUMN quarter TO hour;
  ALTER TABLE usage_hour
    ADD PRIMARY KEY (customer_id, hour, model, key_id, endpoint, price_version_id, source, currency);`;

const kinds = [
  'input',
  'cached_input',
  'cache_write',
  'cache_write_1h',
  'cache_write_12h',
  'input_audio',
  'cached_input_audio',
  'input_image',
  'cached_input_image',
  'output',
  'output_audio',
  'output_image',
];
const counts = [...kinds.map((kind) => `tokens_${kind}`), 'units_image', 'units_second', 'units_request'];
const sums = ['requests', ...counts, 'charge'];

const filled = `
  INSERT INTO usage_hour (customer_id, hour, model, key_id, endpoint, price_version_id, source, currency, ${sums.join(', ')})
  SELECT customer_id, date_bin('1 hour', quarter, '2000-01-01Z'), model, key_id, endpoint, price_version_id, source, currency,
         ${sums.map((column) => `sum(${column})`).join(', ')}
    FROM usage_quarter GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;`;
