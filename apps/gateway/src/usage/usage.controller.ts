import { Readable } from 'node:stream';
import { Public } from '@app/transport';
import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import { Peers } from '../peers.client.ts';
import { CallPage, callPageOf } from './call-view.ts';
import { ExportCallsHandler } from './export-calls.handler.ts';
import { FindReceiptHandler } from './find-receipt.handler.ts';
import { Receipt } from './receipt-view.ts';
import { CallsFilter, CallsQuery, filterOf, groupingOf, listOf, rangeOf, UsageQuery } from './usage-query.ts';
import { UsagePage, usagePageOf } from './usage-view.ts';

/** What a customer used and what it cost, asked of metering. */
@ApiTags('account')
@ApiBearerAuth()
@Controller('v1/usage')
@Public()
export class UsageController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly peers: Peers,
    private readonly receipts: FindReceiptHandler,
    private readonly exports: ExportCallsHandler,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Your usage by minute, hour, day, week or month; the last seven days unless you say otherwise',
  })
  @ApiOkResponse({ standardSchema: UsagePage })
  async usage(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: UsageQuery }) query: UsageQuery,
  ): Promise<UsagePage> {
    const { customerId, currency } = await this.access.handle(authorization);
    const page = await this.peers.metering.GetUsage({
      customerId,
      ...rangeOf(query),
      bucketWidth: query.bucket_width,
      groupBy: groupingOf(query),
      cursor: query.page ?? '',
      pageSize: query.limit ?? 0,
      timeZone: query.timezone ?? '',
      models: listOf(query.models, query['models[]']),
      keyIds: listOf(query.api_key_ids, query['api_key_ids[]']),
      product: '',
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
      ...filterOf(query),
      cursor: query.page ?? '',
      pageSize: query.limit ?? 0,
    });
    return callPageOf(page, currency);
  }

  @Get('calls.csv')
  @ApiOperation({ summary: 'All your calls as one CSV file, newest first; takes the filters of the list' })
  @ApiProduces('text/csv')
  @ApiOkResponse({ description: 'RFC 4180 in UTF-8, a line of names first.' })
  async csv(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: CallsFilter }) filter: CallsFilter,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const caller = await this.access.handle(authorization);
    const lines = await this.exports.handle(caller, filter);
    await reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="calls.csv"')
      // Where a later page fails the connection is cut: a file that is not whole must not look like one.
      .send(Readable.from(lines));
  }

  @Get('calls/:callId')
  @ApiOperation({ summary: 'The receipt of one call: usage as it came, price, formula, entry, balance' })
  @ApiOkResponse({ standardSchema: Receipt })
  async call(
    @Headers('authorization') authorization: string | undefined,
    @Param('callId') callId: string,
  ): Promise<Receipt> {
    return this.receipts.handle(await this.access.handle(authorization), callId);
  }
}
