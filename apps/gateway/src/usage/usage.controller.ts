import { Public } from '@app/transport';
import { Controller, Get, Headers, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Clock } from '../clock.ts';
import { Peers } from '../peers.client.ts';
import { CallsQuery, groupingOf, rangeOf, UsageQuery } from './usage-query.ts';
import { CallPage, callPageOf, UsagePage, usagePageOf } from './usage-view.ts';

/** What a customer used and what it cost, asked of metering. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/usage')
@Public()
export class UsageController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Your usage by hour, day, week or month; the last seven days unless you say otherwise',
  })
  @ApiOkResponse({ standardSchema: UsagePage })
  async usage(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: UsageQuery }) query: UsageQuery,
  ): Promise<UsagePage> {
    const { customerId, currency } = await this.access.handle(authorization);
    const page = await this.peers.metering.GetUsage({
      customerId,
      ...rangeOf(query, this.clock.now()),
      bucketWidth: query.bucket_width,
      groupBy: groupingOf(query),
      cursor: query.page ?? '',
      pageSize: query.limit ?? 0,
      timeZone: query.timezone ?? '',
    });
    return usagePageOf(page, currency);
  }

  @Get('calls')
  @ApiOperation({ summary: 'One line per call, newest first, with the formula of its charge' })
  @ApiOkResponse({ standardSchema: CallPage })
  async calls(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: CallsQuery }) query: CallsQuery,
  ): Promise<CallPage> {
    const { customerId, currency } = await this.access.handle(authorization);
    const page = await this.peers.metering.ListCalls({
      customerId,
      ...rangeOf(query, this.clock.now()),
      cursor: query.page ?? '',
      pageSize: query.limit ?? 0,
      model: query.model ?? '',
      keyId: query.api_key_id ?? '',
    });
    return callPageOf(page, currency);
  }
}
