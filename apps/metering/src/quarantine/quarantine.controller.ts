import { currentCaller, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { QuarantineStore } from './quarantine.store.ts';
import { QuarantinePlace, Resolution, ResolutionView } from './resolution.ts';
import { ResolveCallHandler } from './resolve-call.handler.ts';

const rowsMax = 500;

const QuarantineList = z.object({
  calls: z.array(
    z.object({
      ...QuarantinePlace.shape,
      code: z.string(),
      reason: z.string(),
      event: z.unknown().describe('What told of the end, as it came.'),
      quarantinedAt: z.string(),
    }),
  ),
});
const ResolutionList = z.object({ resolutions: z.array(ResolutionView), nextCursor: z.string() });
const ResolutionsQuery = z.object({
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'must be one that a page of resolutions gave')
    .default('0'),
  pageSize: z.coerce.number().int().min(1).max(rowsMax).default(50),
});

/** Where people look at calls that wait for them, and decide. */
@ApiTags('quarantine')
@Controller('v1')
@Scopes('usage:read')
export class QuarantineController {
  constructor(
    private readonly quarantine: QuarantineStore,
    private readonly resolveCall: ResolveCallHandler,
  ) {}

  @Get('quarantined-calls')
  @ApiOperation({ summary: `Calls that wait for a person, oldest first; at most ${rowsMax.toString()}` })
  @ApiOkResponse({ standardSchema: QuarantineList })
  async open(): Promise<z.infer<typeof QuarantineList>> {
    const rows = await this.quarantine.open(rowsMax);
    return {
      calls: rows.map(({ code, reason, event, ...row }) => ({
        ...{ customerId: row.customer_id, callId: row.call_id, eventId: row.event_id },
        ...{ code, reason, event, quarantinedAt: row.quarantined_at },
      })),
    };
  }

  @Post('quarantined-calls/:customerId/:callId/:eventId/resolution')
  @HttpCode(200)
  @Scopes('quarantine:resolve')
  @ApiOperation({ summary: 'Charges a quarantined call by corrected usage, or closes it; once for ever' })
  @ApiOkResponse({ standardSchema: ResolutionView })
  resolve(
    @Req() request: object,
    @Param({ schema: QuarantinePlace }) place: QuarantinePlace,
    @Body({ schema: Resolution }) resolution: Resolution,
  ): Promise<ResolutionView> {
    return this.resolveCall.handle(place, resolution, currentCaller(request));
  }

  @Get('quarantine-resolutions')
  @ApiOperation({ summary: 'Who resolved what, how and why, in order' })
  @ApiOkResponse({ standardSchema: ResolutionList })
  async resolutions(
    @Query({ schema: ResolutionsQuery }) { cursor, pageSize }: z.infer<typeof ResolutionsQuery>,
  ): Promise<z.infer<typeof ResolutionList>> {
    const rows = await this.quarantine.resolutions(cursor, pageSize);
    const last = rows.length === pageSize ? rows.at(-1) : undefined;
    return { resolutions: rows.map(({ id: _id, ...row }) => row), nextCursor: last?.id ?? '' };
  }
}
