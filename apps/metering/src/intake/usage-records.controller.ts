import { Scopes } from '@app/transport';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { batchItemsMax, RecordUsageHandler } from './record-usage.handler.ts';
import { answerOf, reportOfCloudEvent, UsageBatch, UsageBatchAnswer } from './usage-batch.ts';

/** The REST door of usage intake, for internal services that do not speak gRPC. */
@ApiTags('usage records')
@Controller('v1/usage-records')
@Scopes('usage:write')
export class UsageRecordsController {
  constructor(private readonly recordUsage: RecordUsageHandler) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: `Records up to ${batchItemsMax.toString()} CloudEvents; answers each by itself, once it is durable`,
  })
  @ApiOkResponse({ standardSchema: UsageBatchAnswer })
  async record(@Body({ schema: UsageBatch }) items: UsageBatch): Promise<UsageBatchAnswer> {
    return answerOf(items, await this.recordUsage.handle(items.map(reportOfCloudEvent)));
  }
}
