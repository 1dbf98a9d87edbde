import { currentCaller, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { DecideProposalHandler, ProposalDecision, ProposalsQuestion } from './decide-proposal.handler.ts';
import type { PriceProposal } from './price-proposal.ts';
import { ProposalList, ProposalView } from './publication-view.ts';

/** Publications beyond what one person may decide: another person reads what would change, and decides. */
@ApiTags('prices')
@Controller('v1/price-proposals')
export class PriceProposalsController {
  constructor(private readonly proposals: DecideProposalHandler) {}

  @Get()
  @Scopes('prices:read')
  @ApiOperation({ summary: 'Proposals, the latest first, and what was decided: the audit trail' })
  @ApiOkResponse({ standardSchema: ProposalList })
  list(@Query({ schema: ProposalsQuestion }) question: z.infer<typeof ProposalsQuestion>) {
    return this.proposals.list(question);
  }

  @Get(':proposalId')
  @Scopes('prices:read')
  @ApiOkResponse({ standardSchema: ProposalView })
  one(@Param('proposalId') proposalId: string): Promise<PriceProposal> {
    return this.proposals.one(proposalId);
  }

  @Post(':proposalId/approve')
  @HttpCode(200)
  @Scopes('prices:approve')
  @ApiOperation({
    summary: 'Publishes it; only another person than the one who proposed, for exactly these bytes',
  })
  @ApiOkResponse({ standardSchema: ProposalView })
  approve(
    @Req() request: object,
    @Param('proposalId') proposalId: string,
    @Body({ schema: ProposalDecision }) decision: ProposalDecision,
  ): Promise<PriceProposal> {
    return this.proposals.approve(proposalId, currentCaller(request).subject, decision);
  }

  @Post(':proposalId/reject')
  @HttpCode(200)
  @Scopes('prices:approve')
  @ApiOperation({ summary: 'Nothing is published' })
  @ApiOkResponse({ standardSchema: ProposalView })
  reject(
    @Req() request: object,
    @Param('proposalId') proposalId: string,
    @Body({ schema: ProposalDecision }) decision: ProposalDecision,
  ): Promise<PriceProposal> {
    return this.proposals.reject(proposalId, currentCaller(request).subject, decision);
  }
}
