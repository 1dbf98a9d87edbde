import { AmountText, CurrencyCode, Id, InstantText, SignedAmountText } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ChargesHandler, type ChargeView, type LotUse } from './charges.handler.ts';
import { type Statement, StatementsHandler } from './statements.handler.ts';

const Figures = z.object({ paid: SignedAmountText, granted: SignedAmountText, held: SignedAmountText });
const Line = z.object({
  version: z.string(),
  kind: z.string(),
  eventId: Id,
  occurredAt: InstantText,
  recordedAt: InstantText,
  accountingDate: z.iso.date(),
  change: Figures,
  balance: Figures,
});
const StatementView = z.object({
  customerId: Id,
  currency: CurrencyCode,
  from: InstantText,
  asOf: InstantText,
  asKnownAt: InstantText,
  opening: Figures,
  closing: Figures,
  totals: z.array(
    z.object({ kind: z.string(), entries: z.string(), paid: SignedAmountText, granted: SignedAmountText }),
  ),
  lines: z.array(Line),
  nextCursor: z.string(),
  difference: z
    .object({
      knownBefore: InstantText,
      openingBefore: Figures,
      closingBefore: Figures,
      recordedSince: z.array(Line),
      entries: z.string(),
    })
    .optional(),
});
const LotPart = z.object({ topUpId: Id, amount: AmountText });
const ChargeAnswer = z.object({
  customerId: Id,
  chargeId: Id,
  currency: CurrencyCode,
  occurredAt: InstantText,
  charge: AmountText,
  granted: AmountText,
  paid: AmountText,
  uncollected: AmountText,
  compensated: AmountText,
  lots: z.array(LotPart),
  versions: z.array(z.string()),
});
const Use = z.object({
  version: z.string(),
  kind: z.string(),
  chargeId: Id,
  occurredAt: InstantText,
  amount: SignedAmountText,
});
const Uses = z.object({ uses: z.array(Use), nextCursor: z.string() });
const Page = z.object({ pageSize: z.coerce.number().optional(), cursor: z.string().optional() });
const Period = Page.extend({
  from: InstantText,
  asOf: InstantText.optional(),
  asKnownAt: InstantText.optional(),
  knownBefore: InstantText.optional(),
});

/** The REST door of statements, and of which top-up paid what. */
@ApiTags('statements')
@Controller('v1/customers/:customerId')
@Scopes('ledger:read')
export class StatementsController {
  constructor(
    private readonly statements: StatementsHandler,
    private readonly charges: ChargesHandler,
  ) {}

  @Get('statement')
  @ApiOkResponse({ standardSchema: StatementView })
  statement(
    @Param('customerId') customerId: string,
    @Query({ schema: Period }) period: z.infer<typeof Period>,
  ): Promise<Statement> {
    return this.statements.handle({ customerId, ...period });
  }

  @Get('charges/:chargeId')
  @ApiOkResponse({ standardSchema: ChargeAnswer })
  charge(@Param('customerId') customerId: string, @Param('chargeId') chargeId: string): Promise<ChargeView> {
    return this.charges.one({ customerId, chargeId });
  }

  @Get('lots/:topUpId/charges')
  @ApiOkResponse({ standardSchema: Uses })
  chargesOfLot(
    @Param('customerId') customerId: string,
    @Param('topUpId') topUpId: string,
    @Query({ schema: Page }) page: z.infer<typeof Page>,
  ): Promise<{ uses: LotUse[]; nextCursor: string }> {
    return this.charges.ofLot({ customerId, topUpId, ...page });
  }
}
