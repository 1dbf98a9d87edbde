import { currentCaller, Problem, Scopes } from '@app/transport';
import { Controller, Get, Header, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Audit } from '../decisions/audit.store.ts';
import { Breaks } from './break.store.ts';
import { ReconcileDayHandler } from './reconcile-day.handler.ts';
import { BreakView, breakView, dayView, DayView, reportOf, ReportView } from './reconciliation-report.ts';
import { Reconciliations } from './reconciliation.store.ts';
import { pdfOf } from './report-pdf.ts';

const breaksMax = 10_000;
const channel = z.string().max(64).default('');
const limit = z.coerce.number().int().min(1).max(500).default(50);
const DaysQuery = z.strictObject({ channel, limit });
const BreaksQuery = z.strictObject({
  channel,
  day: z.union([z.literal(''), z.iso.date()]).default(''),
  limit,
});

/** The daily comparison with the providers' bills, for finance. Breaks are resolved at /v1/proposals, by two people. */
@ApiTags('reconciliation')
@Controller('v1')
export class ReconciliationsController {
  constructor(
    private readonly days: ReconcileDayHandler,
    private readonly reconciliations: Reconciliations,
    private readonly breaks: Breaks,
    private readonly audit: Audit,
  ) {}

  @Scopes('payments:write')
  @Post('reconciliations/:channel/:day')
  @HttpCode(200)
  @ApiOperation({ summary: 'Compares a day now; again and again gives the same' })
  @ApiOkResponse({ standardSchema: DayView })
  async run(@Req() request: object, @Param('channel') code: string, @Param('day') day: string) {
    if (!z.iso.date().safeParse(day).success) throw noDay;
    const { subject: actor } = currentCaller(request);
    await this.audit.note({ actor, action: 'compare-day', subjectId: code, detail: day });
    return dayView(await this.days.reconcile(code, day, actor));
  }

  @Scopes('payments:read')
  @Get('reconciliations')
  @ApiOperation({ summary: 'Compared days, newest first' })
  @ApiOkResponse({ standardSchema: z.object({ days: z.array(DayView) }) })
  async list(@Query({ schema: DaysQuery }) query: z.infer<typeof DaysQuery>) {
    return { days: (await this.reconciliations.list(query.channel, query.limit)).map(dayView) };
  }

  @Scopes('payments:read')
  @Get('reconciliations/:channel/:day')
  @ApiOperation({ summary: 'The report of a day: its figures and every break that it ever had' })
  @ApiOkResponse({ standardSchema: ReportView })
  async report(@Param('channel') code: string, @Param('day') day: string) {
    const kept = await this.reconciliations.one(code, day);
    if (!kept) throw notCompared;
    return reportOf(kept, await this.breaks.list({ channel: code, day, limit: breaksMax }));
  }

  @Scopes('payments:read')
  @Get('reconciliations/:channel/:day/report.pdf')
  @Header('content-type', 'application/pdf')
  @ApiOperation({ summary: 'The same report on paper' })
  @ApiProduces('application/pdf')
  async pdf(@Param('channel') code: string, @Param('day') day: string): Promise<StreamableFile> {
    return new StreamableFile(await pdfOf(await this.report(code, day)));
  }

  @Scopes('payments:read')
  @Get('breaks')
  @ApiOperation({ summary: 'Breaks that are open, or all of a day; oldest first' })
  @ApiOkResponse({ standardSchema: z.object({ breaks: z.array(BreakView) }) })
  async openBreaks(@Query({ schema: BreaksQuery }) query: z.infer<typeof BreaksQuery>) {
    return { breaks: (await this.breaks.list(query)).map(breakView) };
  }
}

const noDay = new Problem({
  code: 'invalid-request',
  field: 'day',
  detail: 'This is no day.',
  remedy: 'Name a day in Beijing such as 2026-11-22.',
});
const notCompared = new Problem({
  code: 'not-found',
  field: 'day',
  detail: 'This day of this channel was not compared.',
  remedy: 'POST to the same address compares it, once the provider has made its bills.',
});
