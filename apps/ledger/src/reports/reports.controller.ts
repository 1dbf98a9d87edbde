import { AmountText, CurrencyCode, Id, InstantText, SignedAmountText } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { RebuildHandler, type RebuildReport } from './rebuild.handler.ts';
import { TrialBalanceHandler } from './trial-balance.handler.ts';
import type { TrialBalance } from './trial-balance.store.ts';
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

const AsOf = z.object({ asOf: z.iso.date().optional(), asKnownAt: InstantText.optional() });

/** The REST door of reports. */
@ApiTags('reports')
@Controller('v1')
@Scopes('ledger:read')
export class ReportsController {
  constructor(
    private readonly trialBalances: TrialBalanceHandler,
    private readonly rebuilds: RebuildHandler,
    private readonly verifications: VerifyHandler,
  ) {}

  @Get('trial-balance')
  @ApiOkResponse({ standardSchema: TrialBalanceView })
  trialBalance(@Query({ schema: AsOf }) question: z.infer<typeof AsOf>): Promise<TrialBalance> {
    return this.trialBalances.handle(question);
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
