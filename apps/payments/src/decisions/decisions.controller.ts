import { Sha256Hex } from '@app/contracts';
import { currentCaller, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Audit } from './audit.store.ts';
import { DecisionsHandler } from './decisions.handler.ts';
import { ProposedAction } from './proposal.ts';
import { Proposals } from './proposal.store.ts';

const ProposeBody = z.strictObject({ action: ProposedAction, reason: z.string().trim().min(3).max(500) });
const DecideBody = z.strictObject({
  verdict: z.enum(['approved', 'rejected']),
  payloadSha256: Sha256Hex.describe('Of the payload that was read: the decision is for these bytes.'),
});
const ProposalView = z.object({
  ...{ proposalId: z.string(), kind: z.string(), subjectId: z.string() },
  ...{ payload: z.string(), payloadSha256: Sha256Hex, reason: z.string() },
  ...{ proposedBy: z.string(), proposedAt: z.string() },
  status: z.enum(['open', 'approved', 'rejected']),
  ...{ decidedBy: z.string(), decidedAt: z.string() },
});
const Page = {
  before: z.string().max(128).default(''),
  limit: z.coerce.number().int().min(1).max(500).default(50),
};
const ListQuery = z.strictObject({
  status: z.enum(['', 'open', 'approved', 'rejected']).default(''),
  ...Page,
});
const AuditQuery = z.strictObject({
  subjectId: z.string().max(128).default(''),
  before: z
    .string()
    .regex(/^\d{0,18}$/)
    .default(''),
  limit: Page.limit,
});
const DeedView = z.object({
  ...{ id: z.string(), at: z.string(), actor: z.string(), action: z.string() },
  ...{ subjectId: z.string(), detail: z.string() },
});

/** What people move by hand: proposed by one, approved by another, and written down for ever. */
@ApiTags('decisions')
@Controller('v1')
export class DecisionsController {
  constructor(
    private readonly decisions: DecisionsHandler,
    private readonly proposals: Proposals,
    private readonly audit: Audit,
  ) {}

  @Scopes('adjustments:request')
  @Post('proposals')
  @ApiOperation({ summary: 'Proposes to move money by hand; nothing moves before another person approves' })
  @ApiCreatedResponse({ standardSchema: ProposalView })
  propose(
    @Req() request: object,
    @Body({ schema: ProposeBody }) { action, reason }: z.infer<typeof ProposeBody>,
  ) {
    return this.decisions.propose(action, { reason, proposedBy: currentCaller(request).subject });
  }

  @Scopes('adjustments:approve')
  @Post('proposals/:proposalId/decision')
  @HttpCode(200)
  @ApiOperation({ summary: 'Approves or rejects what another person proposed' })
  @ApiOkResponse({ standardSchema: ProposalView })
  decide(
    @Req() request: object,
    @Param('proposalId') proposalId: string,
    @Body({ schema: DecideBody }) body: z.infer<typeof DecideBody>,
  ) {
    return this.decisions.decide({ proposalId, ...body, decidedBy: currentCaller(request).subject });
  }

  @Scopes('payments:read')
  @Get('proposals')
  @ApiOkResponse({ standardSchema: z.object({ proposals: z.array(ProposalView) }) })
  async list(@Query({ schema: ListQuery }) query: z.infer<typeof ListQuery>) {
    return { proposals: await this.proposals.list(query) };
  }

  @Scopes('payments:read')
  @Get('audit')
  @ApiOperation({ summary: 'Who did what by hand, newest first' })
  @ApiOkResponse({ standardSchema: z.object({ deeds: z.array(DeedView) }) })
  async deeds(@Query({ schema: AuditQuery }) query: z.infer<typeof AuditQuery>) {
    return { deeds: await this.audit.list(query) };
  }
}
