import { Public } from '@app/transport';
import { Body, Controller, Get, Headers, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Clock } from '../clock.ts';
import { BalanceAlerts } from './webhook-view.ts';
import { WebhooksStore } from './webhooks.store.ts';

/** Under which balances a customer is told. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/balance/alerts')
@Public()
export class BalanceAlertsController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly webhooks: WebhooksStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The balances under which you are told' })
  @ApiOkResponse({ standardSchema: BalanceAlerts })
  async list(@Headers('authorization') authorization: string | undefined): Promise<BalanceAlerts> {
    const { customerId } = await this.access.handle(authorization);
    return { thresholds: await this.webhooks.thresholdsOf(customerId) };
  }

  @Put()
  @ApiOperation({ summary: 'Sets them, all at once, for the webhooks that want balance.low' })
  @ApiOkResponse({ standardSchema: BalanceAlerts })
  async set(
    @Headers('authorization') authorization: string | undefined,
    @Body({ schema: BalanceAlerts }) { thresholds }: BalanceAlerts,
  ): Promise<BalanceAlerts> {
    const { customerId } = await this.access.handle(authorization, 'webhooks');
    await this.webhooks.setThresholds(customerId, thresholds, this.clock.now());
    return { thresholds: await this.webhooks.thresholdsOf(customerId) };
  }
}
