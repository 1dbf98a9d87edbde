import { Id, InstantText, MoneyText, type LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { problemOfRefusal } from '../refusal-problem.ts';
import type { HoldAnswer } from './hold-answer.ts';
import { BudgetLimits } from './hold-message.ts';
import { HoldsHandler } from './holds.handler.ts';
import { SettleHoldHandler } from './settle-hold.handler.ts';

const PlaceHold = z.strictObject({
  holdId: Id.max(100),
  customerId: Id,
  callId: Id.optional(),
  keyId: Id.optional(),
  amount: MoneyText,
  expiresAt: InstantText.optional(),
  leaseId: Id.optional(),
  limits: BudgetLimits.optional(),
});
const ReleaseHold = z.strictObject({ customerId: Id, reason: Id.optional() });
const ExtendHold = z.strictObject({
  customerId: Id,
  extensionId: Id.max(20),
  by: MoneyText,
  keyId: Id.optional(),
  limits: BudgetLimits.optional(),
});
const SettleHold = z.strictObject({
  customerId: Id,
  chargeId: Id.max(100),
  charge: MoneyText,
  occurredAt: InstantText.optional(),
});
const Settled = z.object({
  kind: z.string(),
  charge: z.string(),
  collected: z.string(),
  uncollected: z.string(),
  currency: z.string(),
  availableAfter: z.string(),
});
const PlacedHold = z.object({
  holdId: Id,
  amount: z.string(),
  currency: z.string(),
  availableAfter: z.string(),
});
const Leased = z.object({ leasedUntil: InstantText });
const Released = z.object({ outcome: z.enum(['released', 'already_ended']) });

/** The REST door of holds: the same commands as over gRPC. */
@ApiTags('holds')
@Controller('v1')
@Scopes('holds:write')
export class HoldsController {
  constructor(
    private readonly holds: HoldsHandler,
    private readonly settlements: SettleHoldHandler,
  ) {}

  @Post('holds')
  @ApiCreatedResponse({ standardSchema: PlacedHold })
  async place(@Body({ schema: PlaceHold }) body: z.infer<typeof PlaceHold>): Promise<LedgerApi.Hold> {
    return holdOf(await this.holds.place(body));
  }

  @Post('holds/:holdId/extend')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PlacedHold })
  async extend(
    @Param('holdId') holdId: string,
    @Body({ schema: ExtendHold }) body: z.infer<typeof ExtendHold>,
  ): Promise<LedgerApi.Hold> {
    return holdOf(await this.holds.extend({ holdId, ...body }));
  }

  @Post('holds/:holdId/settle')
  @HttpCode(200)
  @Scopes('ledger:post')
  @ApiOkResponse({ standardSchema: Settled })
  settle(
    @Param('holdId') holdId: string,
    @Body({ schema: SettleHold }) body: z.infer<typeof SettleHold>,
  ): Promise<LedgerApi.SettleHoldResponse> {
    return this.settlements.handle({ holdId, ...body });
  }

  @Post('holds/:holdId/release')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Released })
  release(
    @Param('holdId') holdId: string,
    @Body({ schema: ReleaseHold }) body: z.infer<typeof ReleaseHold>,
  ): Promise<LedgerApi.ReleaseHoldResponse> {
    return this.holds.release({ holdId, customerId: body.customerId, reason: body.reason ?? 'released' });
  }

  @Post('leases/:leaseId/renew')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Leased })
  renewLease(@Param('leaseId') leaseId: string): Promise<LedgerApi.RenewLeaseResponse> {
    return this.holds.renewLease({ leaseId });
  }
}

function holdOf(answer: HoldAnswer): LedgerApi.Hold {
  if ('hold' in answer) return answer.hold;
  throw problemOfRefusal(answer.refusal);
}
