import { Id, InstantText, MoneyText, type LedgerApi } from '@app/contracts';
import { Problem, Scopes } from '@app/transport';
import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { HoldsHandler } from './holds.handler.ts';

const PlaceHold = z.strictObject({
  holdId: Id.max(100),
  customerId: Id,
  callId: Id.optional(),
  keyId: Id.optional(),
  amount: MoneyText,
  expiresAt: InstantText.optional(),
  leaseId: Id.optional(),
});
const ReleaseHold = z.strictObject({ customerId: Id, reason: Id.optional() });
const PlacedHold = z.object({
  holdId: Id,
  amount: z.string(),
  currency: z.string(),
  availableAfter: z.string(),
});
const Released = z.object({ outcome: z.enum(['released', 'already_ended']) });

/** The REST door of holds: the same commands as over gRPC. */
@ApiTags('holds')
@Controller('v1/holds')
@Scopes('holds:write')
export class HoldsController {
  constructor(private readonly holds: HoldsHandler) {}

  @Post()
  @ApiCreatedResponse({ standardSchema: PlacedHold })
  async place(@Body({ schema: PlaceHold }) body: z.infer<typeof PlaceHold>): Promise<LedgerApi.Hold> {
    const { hold, refusal } = await this.holds.place(body);
    if (hold) return hold;
    throw problemOfRefusal(refusal);
  }

  @Post(':holdId/release')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Released })
  release(
    @Param('holdId') holdId: string,
    @Body({ schema: ReleaseHold }) body: z.infer<typeof ReleaseHold>,
  ): Promise<LedgerApi.ReleaseHoldResponse> {
    return this.holds.release({ holdId, customerId: body.customerId, reason: body.reason ?? 'released' });
  }
}

function problemOfRefusal(refusal: LedgerApi.Refusal | undefined): Problem {
  const { code = 'refused', ...data } = refusal ?? {};
  const missing = code === 'insufficient-funds' || code.endsWith('-budget-exceeded');
  const status = code === 'unknown-account' ? 404 : missing ? 402 : 409;
  return new Problem({ status, code, detail: `The hold was refused: ${code}.`, data });
}
