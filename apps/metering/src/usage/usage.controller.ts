import type { MeteringApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { FindCallHandler } from './find-call.handler.ts';
import { ListCallsHandler } from './list-calls.handler.ts';
import { ReadUsageHandler } from './read-usage.handler.ts';
import { CallQuestion, CallsQuery, UsageQuery } from './usage-query.ts';
import { CallReceipt, CallsPage, UsagePage } from './usage-view.ts';

/** The same reads over REST, for finance and for services that do not speak gRPC. */
@ApiTags('usage')
@Controller('v1')
@Scopes('usage:read')
export class UsageController {
  constructor(
    private readonly listCalls: ListCallsHandler,
    private readonly findCall: FindCallHandler,
    private readonly readUsage: ReadUsageHandler,
  ) {}

  @Get('usage')
  @ApiOperation({ summary: 'Sums by bucket of the customer’s time zone and by group; amounts are text' })
  @ApiOkResponse({ standardSchema: UsagePage })
  usage(@Query({ schema: UsageQuery }) query: UsageQuery): Promise<MeteringApi.UsagePage> {
    return this.readUsage.handle(query);
  }

  @Get('usage/calls')
  @ApiOperation({ summary: 'One line per call, newest first' })
  @ApiOkResponse({ standardSchema: CallsPage })
  calls(@Query({ schema: CallsQuery }) query: CallsQuery): Promise<MeteringApi.ListCallsResponse> {
    return this.listCalls.handle(query);
  }

  @Get('customers/:customerId/calls/:callId')
  @ApiOperation({ summary: 'One ended call with everything that its charge follows from' })
  @ApiOkResponse({ standardSchema: CallReceipt })
  call(@Param({ schema: CallQuestion }) question: CallQuestion): Promise<MeteringApi.CallReceipt> {
    return this.findCall.handle(question);
  }
}
