import { grantToApp } from '@app/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pictures that are made in minutes. */
export class ImageTasks implements MigrationInterface {
  readonly name = 'ImageTasks0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
    await grantToApp(runner, 'SELECT, INSERT, UPDATE', 'image_task');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  // What was asked for is not kept, only what came of it.
  `CREATE TABLE image_task (
     task_id text PRIMARY KEY,
     customer_id text NOT NULL,
     call_id text NOT NULL UNIQUE,
     model text NOT NULL,
     status text NOT NULL CHECK (status IN ('in_progress', 'succeeded', 'failed')),
     image_url text,
     failure text,
     cost text,
     currency text NOT NULL,
     price_version_id text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     ended_at timestamptz,
     alive_until timestamptz NOT NULL,
     CHECK ((status = 'in_progress') = (ended_at IS NULL)),
     CHECK ((status = 'succeeded') = (image_url IS NOT NULL)))`,
  `CREATE INDEX image_task_under_way ON image_task (alive_until) WHERE status = 'in_progress'`,
];
