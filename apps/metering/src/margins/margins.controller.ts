import { ModelName } from '@app/contracts';
import { Money } from '@app/money';
import { Scopes } from '@app/transport';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type MarginRow, MarginStore } from './margin.store.ts';

const MarginsQuestion = z
  .object({
    from: z.iso.date().describe('The first day, in Asia/Shanghai.'),
    to: z.iso.date().describe('The last day, included; at most 366 days later.'),
    model: ModelName.optional(),
  })
  .refine(({ from, to }) => from <= to && Date.parse(to) - Date.parse(from) <= 366 * 86_400_000, {
    path: ['to'],
    message: 'must not be before `from`, nor more than 366 days after it',
  });

const figures = {
  calls: z.string(),
  uncharged: z.string(),
  charge: z.string(),
  cost: z.string(),
  margin: z.string(),
};
const Margins = z.object({
  lines: z.array(
    z.object({
      day: z.iso.date(),
      model: z.string(),
      upstream: z.string().describe('Empty where our cost is not known; it counts as nothing here.'),
      currency: z.string(),
      ...figures,
    }),
  ),
  totals: z.array(
    z.object({ currency: z.string(), charge: z.string(), cost: z.string(), margin: z.string() }),
  ),
});
type Margins = z.infer<typeof Margins>;

/** What calls brought in and what they cost us. The cost is, to the last digit, the ledger’s `expense:upstream`. */
@ApiTags('margins')
@Controller('v1/margins')
@Scopes('ledger:read')
export class MarginsController {
  constructor(private readonly margins: MarginStore) {}

  @Get()
  @ApiOperation({
    summary: 'Charge, upstream cost and margin by day, model and upstream; uncharged calls cost too',
  })
  @ApiOkResponse({ standardSchema: Margins })
  async report(
    @Query({ schema: MarginsQuestion }) { from, to, model }: z.infer<typeof MarginsQuestion>,
  ): Promise<Margins> {
    const lines = await this.margins.report({ from, to, model });
    const currencies = [...new Set(lines.map(({ currency }) => currency))].sort();
    return { lines, totals: currencies.map((currency) => totalOf(lines, currency)) };
  }
}

function totalOf(lines: readonly MarginRow[], currency: string): Margins['totals'][number] {
  const sumOf = (field: 'charge' | 'cost' | 'margin') =>
    Money.sum(
      lines.filter((line) => line.currency === currency).map((line) => Money.of(line[field], currency)),
      currency,
    ).toText();
  return { currency, charge: sumOf('charge'), cost: sumOf('cost'), margin: sumOf('margin') };
}
