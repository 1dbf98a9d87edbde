import { AmountText, CurrencyCode, Id, SignedAmountText } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { RebuildHandler, type RebuildReport } from './rebuild.handler.ts';
import { TrialBalanceStore, type TrialBalance } from './trial-balance.store.ts';
import { VerifyHandler, type VerifyReport } from './verify.handler.ts';

const TrialBalanceView = z.object({
  lines: z.array(
    z.object({ account: z.string(), currency: CurrencyCode, debit: AmountText, credit: AmountText }),
  ),
  totals: z.array(
    z.object({ currency: CurrencyCode, debit: AmountText, credit: AmountText, difference: SignedAmountText }),
  ),
});
const RebuildView = z.object({
  agrees: z.boolean(),
  books: z.string(),
  entries: z.string(),
  postings: z.string(),
  chainVerified: z.boolean(),
  firstDifference: z.string(),
  durationMs: z.string(),
});
const VerifyQuestion = z.object({ bookId: Id.optional() }).optional();
const VerifyView = z.object({
  verified: z.boolean(),
  books: z.string(),
  entries: z.string(),
  firstDifference: z.string(),
  durationMs: z.string(),
});

/** The REST door of reports. */
@ApiTags('reports')
@Controller('v1')
@Scopes('ledger:read')
export class ReportsController {
  constructor(
    private readonly trialBalances: TrialBalanceStore,
    private readonly rebuilds: RebuildHandler,
    private readonly verifications: VerifyHandler,
  ) {}

  @Get('trial-balance')
  @ApiOkResponse({ standardSchema: TrialBalanceView })
  trialBalance(): Promise<TrialBalance> {
    return this.trialBalances.read();
  }

  @Post('rebuild')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: RebuildView })
  rebuild(): Promise<RebuildReport> {
    return this.rebuilds.handle();
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: VerifyView })
  verify(@Body({ schema: VerifyQuestion }) body: z.infer<typeof VerifyQuestion>): Promise<VerifyReport> {
    return this.verifications.handle({ bookId: body?.bookId ?? '' });
  }
}
