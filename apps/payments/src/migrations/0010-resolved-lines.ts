import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a statement shows and nobody can explain is ended by two people: a reversed credit, a refund that left twice. */
export class ResolvedLines implements MigrationInterface {
  readonly name = 'ResolvedLines0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  /** Migrations go forward only. */
  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only.'));
  }
}

const statements = [
  `ALTER TABLE bank_line DROP CONSTRAINT bank_line_status_check`,
  `ALTER TABLE bank_line ADD CONSTRAINT bank_line_status_check
     CHECK (status IN ('credited', 'suspense', 'settlement', 'paid_out', 'unexplained', 'resolved'))`,
  `ALTER TABLE bank_line ADD COLUMN resolution text CHECK (resolution IN ('explained', 'forced-refund', 'suspense-left')),
     ADD COLUMN proposal_id text REFERENCES proposal_decision,
     ADD COLUMN resolved_at timestamptz,
     ADD CONSTRAINT bank_line_resolved CHECK ((status = 'resolved') = (resolution IS NOT NULL AND proposal_id IS NOT NULL))`,
  // By which a reversal finds what it takes back.
  `CREATE INDEX bank_line_credit ON bank_line (bank, amount) WHERE direction = 'credit'`,
];
