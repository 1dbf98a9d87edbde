import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { PriceImpact } from './price-impact.ts';
import type { PriceProposal, ProposalStatus } from './price-proposal.ts';

/** What is proposed. */
export interface NewProposal {
  readonly proposalId: string;
  readonly payload: string;
  readonly payloadSha256: string;
  readonly impact: PriceImpact;
  readonly limitPercent: number;
  readonly reason: string;
  readonly proposedBy: string;
  readonly expiryDays: number;
}

/** What a person decided. */
export interface NewDecision {
  readonly proposalId: string;
  readonly verdict: 'approved' | 'rejected';
  readonly decidedBy: string;
  readonly reason: string;
}

/** Proposals, what was decided about them and what became of them; only ever added to. */
@Injectable()
export class PriceProposalStore {
  constructor(private readonly database: Database) {}

  async add(tx: Tx, proposal: NewProposal): Promise<void> {
    const { proposalId, payload, payloadSha256, impact, limitPercent, reason, proposedBy, expiryDays } =
      proposal;
    await tx.query(
      `INSERT INTO price_proposal (proposal_id, payload, payload_sha256, impact, limit_percent, reason, proposed_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8 * interval '1 day')`,
      [
        proposalId,
        payload,
        payloadSha256,
        JSON.stringify(impact),
        limitPercent,
        reason,
        proposedBy,
        expiryDays,
      ],
    );
  }

  /** The proposal that is pending for these very bytes by this person, so that asking again adds none. */
  async pendingFor(tx: Tx, payloadSha256: string, proposedBy: string): Promise<string | undefined> {
    const [row] = await tx.query<{ id: string }>(
      `SELECT proposal_id AS id FROM price_proposal LEFT JOIN price_decision AS decision USING (proposal_id)
        WHERE price_proposal.payload_sha256 = $1 AND price_proposal.proposed_by = $2 AND verdict IS NULL
          AND price_proposal.expires_at > clock_timestamp() LIMIT 1`,
      [payloadSha256, proposedBy],
    );
    return row?.id;
  }

  /** Adds a decision; false where one was made before. The database refuses the proposer, a late one, and other bytes. */
  async decide(tx: Tx, { proposalId, verdict, decidedBy, reason }: NewDecision): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO price_decision (proposal_id, payload_sha256, proposed_by, expires_at, verdict, decided_by, reason)
       SELECT proposal_id, payload_sha256, proposed_by, expires_at, $2, $3, $4 FROM price_proposal WHERE proposal_id = $1
       ON CONFLICT (proposal_id) DO NOTHING RETURNING 1`,
      [proposalId, verdict, decidedBy, reason],
    );
    return rows.length > 0;
  }

  /** Keeps what became of an approved one. */
  async finish(tx: Tx, proposalId: string, outcome: 'published' | 'refused', detail: string): Promise<void> {
    await tx.query('INSERT INTO price_outcome (proposal_id, outcome, detail) VALUES ($1, $2, $3)', [
      ...[proposalId, outcome, detail],
    ]);
  }

  /** One proposal, or undefined. */
  async one(tx: Pick<Tx, 'query'>, proposalId: string): Promise<PriceProposal | undefined> {
    const [row] = await tx.query<PriceProposal>(`${viewSql} WHERE proposal.proposal_id = $1`, [proposalId]);
    return row;
  }

  /** Proposals, the latest first, before a place; an empty status is any. */
  list(status: ProposalStatus | '', before: string, limit: number): Promise<PriceProposal[]> {
    return this.database.query<PriceProposal>(
      `SELECT * FROM (${viewSql}) AS proposal
        WHERE ($1 = '' OR status = $1) AND ($2 = '' OR "proposalId" COLLATE "C" < $2)
        ORDER BY "proposalId" COLLATE "C" DESC LIMIT $3`,
      [status, before, limit],
    );
  }
}

const viewSql = `
  SELECT proposal.proposal_id AS "proposalId", payload, proposal.payload_sha256 AS "payloadSha256", impact,
         trim_scale(limit_percent)::text AS "limitPercent", proposal.reason, proposal.proposed_by AS "proposedBy",
         proposed_at AS "proposedAt", proposal.expires_at AS "expiresAt", decided_by AS "decidedBy", decided_at AS "decidedAt",
         decision.reason AS "decisionReason", detail,
         CASE WHEN outcome.outcome IS NOT NULL THEN outcome.outcome
              WHEN verdict IS NOT NULL THEN verdict
              WHEN proposal.expires_at < clock_timestamp() THEN 'expired'
              ELSE 'pending' END AS status
    FROM price_proposal AS proposal
    LEFT JOIN price_decision AS decision USING (proposal_id)
    LEFT JOIN price_outcome AS outcome USING (proposal_id)`;
