import { Code, ModelName } from '@app/contracts';
import { currentCaller, Problem, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuditPricesHandler } from './audit-prices.handler.ts';
import { ListImport, ListPrices, versionsOfList } from './list-prices.ts';
import { PriceBookStore } from './price-book.store.ts';
import type { Examination, PublicationResult } from './price-examination.ts';
import { priceFileFormats, readPriceFile, readTable, writePriceFile } from './price-file.ts';
import { proposedVersionOf, type PublishOnCard } from './price-view.ts';
import { problemOfExamination } from './publication-problem.ts';
import { Impact, Reason } from './publication-view.ts';
import { auditTable } from './published-table.ts';
import { PublishPricesHandler } from './publish-prices.handler.ts';

const contentMax = 900_000;
const how = { dryRun: z.boolean().default(false), reason: Reason.optional() };
const ImportRequest = z.discriminatedUnion('format', [
  z.strictObject({ format: z.enum(priceFileFormats), content: z.string().max(contentMax), ...how }),
  z.strictObject({ format: z.literal('list-prices'), list: ListPrices, options: ListImport, ...how }),
]);
const ImportAnswer = z.object({
  outcome: z.enum(['published', 'waits', 'examined']),
  versions: z.array(
    z.object({
      ...{ rateCardId: Code, model: ModelName, effectiveFrom: z.string() },
      action: z.enum(['publish', 'unchanged']),
      changes: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
    }),
  ),
  impact: Impact,
  needsApproval: z.boolean(),
  proposalId: z.string().nullable(),
});
const ExportQuestion = z.object({
  card: Code.optional(),
  model: ModelName.optional(),
  format: z.enum(priceFileFormats).default('yaml'),
});
const AuditRequest = z.strictObject({
  card: Code.optional(),
  officialPrices: ListPrices.optional(),
  table: z.string().max(contentMax).optional().describe('A CSV of a table as it was published elsewhere.'),
});

/** The price book as files, and its audit. */
@ApiTags('prices')
@Controller('v1/price-book')
export class PriceBookController {
  constructor(
    private readonly publishPrices: PublishPricesHandler,
    private readonly auditPrices: AuditPricesHandler,
    private readonly book: PriceBookStore,
  ) {}

  @Post('imports')
  @HttpCode(200)
  @Scopes('prices:publish')
  @ApiOperation({
    summary: 'Publishes what a file says, all of it or nothing; a dry run says what would change',
  })
  @ApiOkResponse({ standardSchema: ImportAnswer })
  async import(
    @Req() request: object,
    @Body({ schema: ImportRequest }) body: z.infer<typeof ImportRequest>,
  ): Promise<z.infer<typeof ImportAnswer>> {
    const versions = versionsIn(body).map(({ rateCardId, ...version }) =>
      proposedVersionOf(rateCardId, version),
    );
    const { dryRun, reason } = body;
    const result = dryRun
      ? await this.publishPrices.examine(versions)
      : await this.publishPrices.handle({ versions, by: currentCaller(request).subject, reason });
    if (result.outcome === 'refused')
      throw new Problem(problemOfExamination(result.examination, placeIn(result.examination)));
    return importAnswerOf(result);
  }

  @Get('export')
  @Scopes('prices:read')
  @ApiOperation({ summary: 'The book, or a part of it, as a file that changes nothing when it is imported' })
  async export(
    @Query({ schema: ExportQuestion }) { card, model, format }: z.infer<typeof ExportQuestion>,
  ): Promise<{ readonly format: string; readonly content: string }> {
    const listed = await this.book.list({ rateCardIds: card === undefined ? undefined : [card], model });
    return {
      format,
      content: writePriceFile(
        format,
        listed.map(({ version }) => version),
      ),
    };
  }

  @Post('audits')
  @HttpCode(200)
  @Scopes('prices:read')
  @ApiOperation({
    summary: 'Recomputes every derivation, and compares with official prices; also of a table from elsewhere',
  })
  async audit(@Body({ schema: AuditRequest }) { card, officialPrices, table }: z.infer<typeof AuditRequest>) {
    const book = await this.auditPrices.handle(card, officialPrices);
    return { book, table: table === undefined ? null : auditTable(rowsIn(table)) };
  }
}

function versionsIn(body: z.infer<typeof ImportRequest>): readonly PublishOnCard[] {
  if (body.format === 'list-prices') return parsed('options', () => versionsOfList(body.list, body.options));
  const read = readPriceFile(body.format, body.content);
  if ('versions' in read) return read.versions;
  throw unreadable([...read.problems]);
}

const rowsIn = (table: string) => parsed('table', () => readTable(table));

function parsed<Value>(field: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw unreadable([{ field, reason: String(error) }]);
    throw unreadable(
      error.issues.map(({ path: [index, ...names], message }) => ({
        field:
          typeof index === 'number'
            ? `row ${(index + 2).toString()}, ${names.join('.')}`
            : [field, index, ...names].join('.'),
        reason: message,
      })),
    );
  }
}

const unreadable = (errors: { readonly field: string; readonly reason: string }[]): Problem =>
  new Problem({
    code: 'invalid-request',
    detail: errors
      .slice(0, 10)
      .map(({ field, reason }) => `${field}: ${reason}`)
      .join('; '),
    remedy: 'Correct what is named; nothing was changed.',
    errors: errors.slice(0, 100),
    field: errors[0]?.field ?? 'content',
  });

const placeIn =
  ({ versions }: Examination) =>
  (index: number, field: string): string => {
    const version = versions[index]?.version;
    return version === undefined
      ? field
      : `${version.rateCardId}/${version.model} ${version.effectiveFrom}, ${field}`;
  };

function importAnswerOf(
  result: Exclude<PublicationResult, { readonly outcome: 'refused' }>,
): z.infer<typeof ImportAnswer> {
  const { outcome, examination } = result;
  const { impact, needsApproval, versions } = examination;
  return ImportAnswer.parse({
    ...{ outcome, impact, needsApproval, proposalId: outcome === 'waits' ? result.proposalId : null },
    versions: versions.map(({ version: { rateCardId, model, effectiveFrom }, published, changes }) => ({
      ...{
        rateCardId,
        model,
        effectiveFrom,
        changes,
        action: published === undefined ? 'publish' : 'unchanged',
      },
    })),
  });
}
