import { InstantText, Sha256Hex } from '@app/contracts';
import { currentCaller, Scopes } from '@app/transport';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type KeyedReply, replyKeyed } from '../idempotency/keyed-reply.ts';
import { type ClosedPeriod, PeriodStore } from '../periods/period.store.ts';
import type { AdjustmentView } from './adjustment.store.ts';
import {
  AdjustmentDecision,
  AdjustmentRequest,
  AdjustmentsHandler,
  AdjustmentsQuestion,
  AuditQuestion,
} from './adjustments.handler.ts';

const View = z.object({
  adjustmentId: z.string(),
  template: z.string(),
  status: z.enum(['pending', 'expired', 'rejected', 'approved', 'posted', 'refused']),
  payload: z.string(),
  payloadSha256: Sha256Hex,
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: InstantText,
  expiresAt: InstantText,
  decidedBy: z.string(),
  decidedAt: z.string(),
  decisionReason: z.string(),
  bookId: z.string(),
  version: z.string(),
  eventId: z.string(),
  refusal: z.string(),
  detail: z.string(),
});
const List = z.object({ adjustments: z.array(View), nextCursor: z.string() });
const Deed = z.object({
  id: z.string(),
  at: InstantText,
  actor: z.string(),
  clientId: z.string(),
  action: z.string(),
  subjectId: z.string(),
  detail: z.string(),
});
const Deeds = z.object({ deeds: z.array(Deed), nextCursor: z.string() });
const Periods = z.object({
  closed: z.array(
    z.object({
      month: z.string(),
      firstDay: z.iso.date(),
      lastDay: z.iso.date(),
      adjustmentId: z.string(),
      closedAt: InstantText,
    }),
  ),
});
const keyHeader = { name: 'Idempotency-Key', required: true };

/** The REST door of entries by hand. */
@ApiTags('adjustments')
@Controller('v1')
export class AdjustmentsController {
  constructor(
    private readonly adjustments: AdjustmentsHandler,
    private readonly periods: PeriodStore,
  ) {}

  @Post('adjustments')
  @Scopes('adjustments:request')
  @ApiHeader(keyHeader)
  @ApiCreatedResponse({ standardSchema: View })
  request(
    @Req() request: object,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: AdjustmentRequest }) body: z.infer<typeof AdjustmentRequest>,
    @Res({ passthrough: true }) reply: KeyedReply,
  ): Promise<AdjustmentView> {
    return replyKeyed(reply, this.adjustments.request({ caller: currentCaller(request), key }, body));
  }

  @Post('adjustments/:adjustmentId/approve')
  @HttpCode(200)
  @Scopes('adjustments:approve')
  @ApiHeader(keyHeader)
  @ApiOkResponse({ standardSchema: View })
  approve(
    @Req() request: object,
    @Headers('idempotency-key') key: string | undefined,
    @Param('adjustmentId') adjustmentId: string,
    @Body({ schema: AdjustmentDecision }) body: z.infer<typeof AdjustmentDecision>,
    @Res({ passthrough: true }) reply: KeyedReply,
  ): Promise<AdjustmentView> {
    const asking = { caller: currentCaller(request), key };
    return replyKeyed(reply, this.adjustments.decide(asking, 'approved', { adjustmentId, ...body }));
  }

  @Post('adjustments/:adjustmentId/reject')
  @HttpCode(200)
  @Scopes('adjustments:approve')
  @ApiHeader(keyHeader)
  @ApiOkResponse({ standardSchema: View })
  reject(
    @Req() request: object,
    @Headers('idempotency-key') key: string | undefined,
    @Param('adjustmentId') adjustmentId: string,
    @Body({ schema: AdjustmentDecision }) body: z.infer<typeof AdjustmentDecision>,
    @Res({ passthrough: true }) reply: KeyedReply,
  ): Promise<AdjustmentView> {
    const asking = { caller: currentCaller(request), key };
    return replyKeyed(reply, this.adjustments.decide(asking, 'rejected', { adjustmentId, ...body }));
  }

  @Get('adjustments')
  @Scopes('ledger:read')
  @ApiOkResponse({ standardSchema: List })
  list(
    @Query({ schema: AdjustmentsQuestion }) question: z.infer<typeof AdjustmentsQuestion>,
  ): Promise<z.infer<typeof List>> {
    return this.adjustments.list(question);
  }

  @Get('adjustments/:adjustmentId')
  @Scopes('ledger:read')
  @ApiOkResponse({ standardSchema: View })
  one(@Param('adjustmentId') adjustmentId: string): Promise<AdjustmentView> {
    return this.adjustments.one(adjustmentId);
  }

  @Get('audit')
  @Scopes('ledger:read')
  @ApiOkResponse({ standardSchema: Deeds })
  deeds(
    @Query({ schema: AuditQuestion }) question: z.infer<typeof AuditQuestion>,
  ): Promise<z.infer<typeof Deeds>> {
    return this.adjustments.deeds(question);
  }

  @Get('periods')
  @Scopes('ledger:read')
  @ApiOkResponse({ standardSchema: Periods })
  async closedPeriods(): Promise<{ closed: ClosedPeriod[] }> {
    return { closed: await this.periods.closed() };
  }
}
