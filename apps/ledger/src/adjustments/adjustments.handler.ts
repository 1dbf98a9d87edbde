import { createHash } from 'node:crypto';
import { canonicalText, Id } from '@app/contracts';
import { Database, newId } from '@app/persistence';
import { type Caller, Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { IdempotencyHandler, type KeyedAnswer } from '../idempotency/idempotency.handler.ts';
import { parsed } from '../parsed.ts';
import { placeOf } from './adjustment-place.ts';
import { Adjustment } from './adjustment-template.ts';
import { AdjustmentStore, type AdjustmentView } from './adjustment.store.ts';
import { type AuditRow, AuditStore } from './audit.store.ts';
import { PostAdjustmentHandler } from './post-adjustment.handler.ts';

/** How long a request waits for the second person: seven days. */
const expirySeconds = 604_800;
const pageDefault = 50;
const pageMax = 500;

const Reason = z
  .string()
  .trim()
  .min(3, 'must say why, in 3 characters at least')
  .max(500, 'must have at most 500 characters');

/** What one person asks for. */
export const AdjustmentRequest = z.strictObject({ reason: Reason, adjustment: Adjustment });

/** What another person decides: about exactly these bytes. */
export const AdjustmentDecision = z.strictObject({
  payloadSha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be payloadSha256 of the adjustment'),
  reason: Reason,
});

/** What the second person says. */
export type Verdict = 'approved' | 'rejected';

/** Which adjustments. */
export const AdjustmentsQuestion = z.object({
  status: z.enum(['pending', 'expired', 'rejected', 'approved', 'posted', 'refused', '']).default(''),
  pageSize: z.coerce.number().int().min(0).max(pageMax).default(0),
  cursor: z.string().max(64).default(''),
});

/** Which deeds. */
export const AuditQuestion = z.object({
  subjectId: z.union([Id, z.literal('')]).default(''),
  pageSize: z.coerce.number().int().min(0).max(pageMax).default(0),
  cursor: z
    .string()
    .regex(/^\d{0,15}$/, 'is not one that this list gave')
    .default(''),
});

/** Who asks, and the key or event id of the request. */
export interface Asking {
  readonly caller: Caller;
  readonly key: string | undefined;
}

/** Entries by hand: one person asks, another approves, then it is recorded. Whichever door they come through. */
@Injectable()
export class AdjustmentsHandler {
  constructor(
    private readonly database: Database,
    private readonly adjustments: AdjustmentStore,
    private readonly audit: AuditStore,
    private readonly idempotency: IdempotencyHandler,
    private readonly posting: PostAdjustmentHandler,
  ) {}

  /** Keeps what a person asks for until another person decides. */
  request({ caller, key }: Asking, given: unknown): Promise<KeyedAnswer<AdjustmentView>> {
    const { reason, adjustment } = parsed(AdjustmentRequest, given);
    const payload = canonicalText(adjustment);
    const keyed = {
      caller: caller.subject,
      key,
      operation: 'adjustments:request',
      payload: { reason, payload },
    };
    return this.idempotency.once(keyed, async (requestKey) => {
      const asked = {
        adjustmentId: newId('adj'),
        template: adjustment.template,
        payload,
        payloadSha256: createHash('sha256').update(payload).digest('hex'),
        reason,
        requestedBy: caller.subject,
        requestKey,
        expirySeconds,
      };
      const place = placeOf(adjustment, asked.adjustmentId);
      const adjustmentId = await this.database.transaction(async (tx) => {
        const id = await this.adjustments.add(tx, { ...asked, ...place });
        await this.audit.add(caller, { action: 'adjustment-requested', subjectId: id, detail: payload }, tx);
        return id;
      });
      return this.one(adjustmentId);
    });
  }

  /**
   * Approves and records, or rejects: then nothing is recorded. What the books refuse is told to the person who approved, and the
   * adjustment ends as refused.
   */
  decide(
    { caller, key }: Asking,
    verdict: Verdict,
    {
      adjustmentId,
      ...given
    }: { readonly adjustmentId: string; readonly payloadSha256: string; readonly reason: string },
  ): Promise<KeyedAnswer<AdjustmentView>> {
    const decision = parsed(AdjustmentDecision, given);
    const payload = { adjustmentId, ...decision };
    const keyed = { caller: caller.subject, key, operation: `adjustments:${verdict}`, payload };
    return this.idempotency.once(keyed, async () => {
      const asked = await this.one(adjustmentId);
      const problem = problemOfDecision(asked, { verdict, caller, sha: decision.payloadSha256 });
      if (problem !== undefined) {
        const detail = problem.code;
        await this.audit.add(caller, {
          action: `adjustment-not-${verdict}`,
          subjectId: adjustmentId,
          detail,
        });
        throw problem;
      }
      if (asked.decidedBy === '') await this.keepDecision(caller, verdict, { adjustmentId, ...decision });
      if (verdict === 'rejected') return this.one(adjustmentId);
      await this.posting.post(caller, await this.one(adjustmentId));
      return this.one(adjustmentId);
    });
  }

  /** One adjustment. */
  async one(adjustmentId: string): Promise<AdjustmentView> {
    const found = await this.adjustments.one(adjustmentId);
    if (found) return found;
    throw new Problem({
      code: 'not-found',
      field: 'adjustmentId',
      detail: 'There is no such adjustment.',
      remedy: 'Look the id up in the list of adjustments.',
    });
  }

  /** Adjustments, the latest first. */
  async list(given: unknown): Promise<{ adjustments: AdjustmentView[]; nextCursor: string }> {
    const { status, pageSize, cursor } = parsed(AdjustmentsQuestion, given);
    const limit = pageSize || pageDefault;
    const rows = await this.adjustments.list(status, cursor, limit + 1);
    const adjustments = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? (adjustments.at(-1)?.adjustmentId ?? '') : '';
    return { adjustments, nextCursor };
  }

  /** Who did what by hand, the earliest first. */
  async deeds(given: unknown): Promise<{ deeds: AuditRow[]; nextCursor: string }> {
    const { subjectId, pageSize, cursor } = parsed(AuditQuestion, given);
    const limit = pageSize || pageDefault;
    const rows = await this.audit.list(subjectId, cursor || '0', limit + 1);
    const deeds = rows.slice(0, limit);
    return { deeds, nextCursor: rows.length > limit ? (deeds.at(-1)?.id ?? '') : '' };
  }

  private async keepDecision(
    caller: Caller,
    verdict: Verdict,
    { adjustmentId, payloadSha256, reason }: z.infer<typeof AdjustmentDecision> & { adjustmentId: string },
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const decision = { adjustmentId, verdict, decidedBy: caller.subject, reason };
      if (!(await this.adjustments.decide(tx, decision))) throw decidedBefore();
      const deed = { action: `adjustment-${verdict}`, subjectId: adjustmentId, detail: payloadSha256 };
      await this.audit.add(caller, deed, tx);
    });
  }
}

interface Deciding {
  readonly verdict: Verdict;
  readonly caller: Caller;
  readonly sha: string;
}

/** Why this person may not decide this now; an approval that was interrupted is finished by the one who gave it. */
function problemOfDecision(asked: AdjustmentView, { verdict, caller, sha }: Deciding): Problem | undefined {
  if (asked.payloadSha256 !== sha) {
    const detail = 'This is not the payload that was asked for.';
    const remedy = 'Read the adjustment again and decide about what it says now.';
    return new Problem({ status: 409, code: 'payload-differs', field: 'payloadSha256', detail, remedy });
  }
  if (asked.requestedBy === caller.subject) {
    const detail = 'Who asks for an adjustment does not decide about it.';
    return new Problem({
      status: 403,
      code: 'same-person',
      field: 'authorization',
      detail,
      remedy: 'Let another person decide.',
    });
  }
  const finishes =
    asked.status === 'approved' && verdict === 'approved' && asked.decidedBy === caller.subject;
  if (asked.status === 'pending' || finishes) return undefined;
  if (asked.status !== 'expired') return decidedBefore();
  const detail = `It expired at ${asked.expiresAt}.`;
  return new Problem({ status: 409, code: 'adjustment-expired', detail, remedy: 'Ask for it again.' });
}

const decidedBefore = (): Problem =>
  new Problem({
    code: 'wrong-status',
    field: 'adjustmentId',
    detail: 'The adjustment was decided before.',
    remedy: 'Read it to see what was decided.',
  });
