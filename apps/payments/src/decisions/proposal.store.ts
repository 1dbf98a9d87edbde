import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';

/** A proposal as people see it. */
export interface Proposal {
  readonly proposalId: string;
  readonly kind: string;
  readonly subjectId: string;
  /** What exactly was proposed, as JSON, and its SHA-256: what an approval is for. */
  readonly payload: string;
  readonly payloadSha256: string;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  /** `open`, `approved` or `rejected`. */
  readonly status: string;
  readonly decidedBy: string;
  readonly decidedAt: string;
}

export type NewProposal = Pick<
  Proposal,
  'proposalId' | 'kind' | 'subjectId' | 'payload' | 'reason' | 'proposedBy'
>;

const view = `SELECT p.proposal_id AS "proposalId", p.kind, p.subject_id AS "subjectId", p.payload,
    p.payload_sha256 AS "payloadSha256", p.reason, p.proposed_by AS "proposedBy", p.proposed_at AS "proposedAt",
    COALESCE(d.verdict, 'open') AS status, COALESCE(d.decided_by, '') AS "decidedBy",
    COALESCE(d.decided_at::text, '') AS "decidedAt"
  FROM proposal p LEFT JOIN proposal_decision d USING (proposal_id)`;

/** What people proposed and what others decided; only ever added to. */
@Injectable()
export class Proposals {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, added: NewProposal): Promise<void> {
    await tx.query(
      `INSERT INTO proposal (proposal_id, kind, subject_id, payload, payload_sha256, reason, proposed_by)
       VALUES ($1, $2, $3, $4, encode(sha256(convert_to($4, 'UTF8')), 'hex'), $5, $6)`,
      [added.proposalId, added.kind, added.subjectId, added.payload, added.reason, added.proposedBy],
    );
  }

  async find(from: Pick<Tx, 'query'>, proposalId: string): Promise<Proposal | undefined> {
    const [row] = await from.query<Proposal>(`${view} WHERE p.proposal_id = $1`, [proposalId]);
    return row;
  }

  one(proposalId: string): Promise<Proposal | undefined> {
    return this.find(this.database, proposalId);
  }

  /** Adds a decision; false where there is one. The database refuses the maker, and other bytes. */
  async decide(
    tx: Tx,
    by: { proposalId: string; payloadSha256: string; verdict: 'approved' | 'rejected'; decidedBy: string },
  ): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO proposal_decision (proposal_id, payload_sha256, proposed_by, verdict, decided_by)
       SELECT proposal_id, $2, proposed_by, $3, $4 FROM proposal WHERE proposal_id = $1
       ON CONFLICT (proposal_id) DO NOTHING RETURNING 1`,
      [by.proposalId, by.payloadSha256, by.verdict, by.decidedBy],
    );
    return rows.length > 0;
  }

  /** Proposals, newest first, from below `before`. */
  list({ status, before, limit }: { status: string; before: string; limit: number }): Promise<Proposal[]> {
    return this.database.query<Proposal>(
      `SELECT * FROM (${view}) v WHERE ($1 = '' OR status = $1) AND ($2 = '' OR "proposalId" < $2)
        ORDER BY "proposalId" DESC LIMIT $3`,
      [status, before, limit],
    );
  }
}
