import { addParkedDeeds } from '@app/parking';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people do with messages that could not be applied. */
export class ParkedDeeds implements MigrationInterface {
  readonly name = 'ParkedDeeds0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    await addParkedDeeds(runner);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}
