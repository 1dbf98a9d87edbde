import { AmountText, Code, CurrencyCode, Id, InstantText } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Balance } from './balance.store.ts';
import { BalancesHandler } from './balances.handler.ts';
import type { LotView } from './lot.store.ts';

const BalanceView = z.object({
  customerId: Id,
  currency: CurrencyCode,
  paid: AmountText,
  granted: AmountText,
  held: AmountText,
  available: AmountText,
  refundable: AmountText,
  version: z.string(),
  asOf: InstantText,
});
const LotsView = z.object({
  lots: z.array(
    z.object({
      topUpId: Id,
      channel: Code,
      currency: CurrencyCode,
      amount: AmountText,
      used: AmountText,
      refunded: AmountText,
      reserved: AmountText,
      remaining: AmountText,
    }),
  ),
});
const AsOf = z.object({ asOf: InstantText.optional() });

/** The REST door of balances. */
@ApiTags('balances')
@Controller('v1/customers/:customerId')
@Scopes('ledger:read')
export class BalancesController {
  constructor(private readonly balances: BalancesHandler) {}

  @Get('balance')
  @ApiOkResponse({ standardSchema: BalanceView })
  balance(
    @Param('customerId') customerId: string,
    @Query({ schema: AsOf }) { asOf }: z.infer<typeof AsOf>,
  ): Promise<Balance> {
    return this.balances.one({ customerId, asOf: asOf ?? '' });
  }

  @Get('lots')
  @ApiOkResponse({ standardSchema: LotsView })
  async lots(@Param('customerId') customerId: string): Promise<{ lots: LotView[] }> {
    return { lots: await this.balances.lotsOf({ customerId }) };
  }
}

const Several = z.object({ customerIds: z.string().max(70_000) });

/** The REST door of several balances at once. */
@ApiTags('balances')
@Controller('v1/balances')
@Scopes('ledger:read')
export class SeveralBalancesController {
  constructor(private readonly balances: BalancesHandler) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.object({ balances: z.array(BalanceView) }) })
  async several(
    @Query({ schema: Several }) { customerIds }: z.infer<typeof Several>,
  ): Promise<{ balances: Balance[] }> {
    return { balances: await this.balances.several({ customerIds: customerIds.split(',') }) };
  }
}
