import type { LedgerApi } from '@app/contracts';
import { Money, toCredits } from '@app/money';
import { Problem, Public } from '@app/transport';
import { Controller, Get, Headers } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import type { Caller } from '../access/caller.ts';
import { Clock } from '../clock.ts';
import { Peers } from '../peers.client.ts';

const Figures = z.object({
  available: z.string().describe('paid + granted − held: what calls can use.'),
  paid: z.string(),
  granted: z.string().describe('Credit that was not paid for; spent first, never refunded.'),
  held: z.string().describe('Set aside for calls under way.'),
  refundable: z.string(),
});
const Balance = z.object({
  object: z.literal('balance'),
  currency: z.string(),
  ...Figures.shape,
  credits: Figures.extend({
    plan: z.string(),
    rate: z.object({ credits: z.string(), amount: z.string() }),
  }).describe(
    'The same in credits of your plan, rounded half up at six digits where they do not come out even.',
  ),
  as_of: z.string(),
});
type Balance = z.infer<typeof Balance>;

const figureNames = ['available', 'paid', 'granted', 'held', 'refundable'] as const;

/** A customer's wallet, as the ledger has it now. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/balance')
@Public()
export class BalanceController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Your balance, in its currency and in credits of your plan' })
  @ApiOkResponse({ standardSchema: Balance })
  async now(@Headers('authorization') authorization: string | undefined): Promise<Balance> {
    const { plan, ...caller } = await this.access.handle(authorization);
    const { asOf, currency, ...figures } = await this.balanceOf(caller);
    const inCredits = (amount: string) => toCredits(Money.of(amount, currency), plan).credits;
    return {
      object: 'balance',
      currency,
      ...figuresOf((name) => figures[name]),
      credits: {
        plan: plan.code,
        rate: plan.creditsPer,
        ...figuresOf((name) => inCredits(figures[name])),
      },
      as_of: asOf,
    };
  }

  /** A customer that the ledger has not heard of yet was created a moment ago and has nothing. */
  private async balanceOf({ customerId, currency }: Pick<Caller, 'customerId' | 'currency'>): Promise<Known> {
    try {
      return await this.peers.ledger.GetBalance({ customerId, asOf: '' });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'unknown-account') throw error;
      return { ...figuresOf(() => '0'), currency, asOf: this.clock.now() };
    }
  }
}

type Known = Pick<LedgerApi.Balance, (typeof figureNames)[number] | 'currency' | 'asOf'>;

const figuresOf = (figure: (name: (typeof figureNames)[number]) => string): z.infer<typeof Figures> => ({
  available: figure('available'),
  paid: figure('paid'),
  granted: figure('granted'),
  held: figure('held'),
  refundable: figure('refundable'),
});
