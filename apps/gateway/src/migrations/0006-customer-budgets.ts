import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What all keys of a customer may spend together, beside what each of them may. */
export class CustomerBudgets implements MigrationInterface {
  readonly name = 'CustomerBudgets0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE customer ADD COLUMN budgets jsonb NOT NULL DEFAULT '{}'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
