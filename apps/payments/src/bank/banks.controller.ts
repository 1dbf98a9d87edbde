import { Id } from '@app/contracts';
import { currentCaller, Problem, Scopes } from '@app/transport';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ImportStatementHandler } from './import-statement.handler.ts';
import { MakePayoutFileHandler } from './make-payout-file.handler.ts';
import { OpenLines } from './open-line.store.ts';
import { Payouts } from './payout.store.ts';
import { Statements } from './statement.store.ts';
import { Suspenses } from './suspense.store.ts';

const ImportBody = z.strictObject({
  content: z
    .base64()
    .max(3_900_000)
    .describe('The file as the bank gave it, in base64; about 2.9 MB at most.'),
});
const Limit = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) });
const text = z.string();

const StatementView = z.object({
  ...{ statementId: text, bank: text, format: text, sequence: z.int().nullable(), currency: text },
  ...{ opening: text, closing: text, importedBy: text, importedAt: text },
  quarantined: text.describe('Why nothing of it was booked; empty where all of it was.'),
});
const ImportView = z.object({
  statements: z.array(StatementView),
  lines: z.record(z.string(), z.int()).describe('How many new lines became what.'),
  alreadyImported: z.boolean(),
});
const LineView = z.object({
  ...{
    lineId: text,
    bank: text,
    direction: z.enum(['credit', 'debit']),
    amount: text,
    currency: text,
    bookedOn: text,
  },
  ...{ reference: text.nullable(), fingerprint: text, partyName: text, partyAccount: text, memo: text },
  ...{ status: text, reason: text.nullable(), customerId: text.nullable(), subjectId: text.nullable() },
});
const SuspenseView = z.object({
  ...{ suspenseId: text, channel: text, sourceId: text, amount: text, currency: text, reason: text },
  ...{ customerId: text.nullable(), partyName: text, partyAccount: text, receivedAt: text },
  ...{ assigned: text, returning: text, returned: text },
});
const PayoutView = z.object({
  ...{ number: text, kind: text, subjectId: text, bank: text, amount: text, currency: text },
  ...{ payeeName: text, payeeAccount: text, status: text, fileId: text.nullable() },
});
const FileView = z.object({ fileId: text, bank: text, body: text });

/** Our bank accounts, for finance: statements in, payout files out, and what waits for a person. */
@ApiTags('banks')
@Controller('v1')
export class BanksController {
  constructor(
    private readonly importing: ImportStatementHandler,
    private readonly files: MakePayoutFileHandler,
    private readonly statements: Statements,
    private readonly lines: OpenLines,
    private readonly suspenses: Suspenses,
    private readonly payouts: Payouts,
  ) {}

  @Scopes('payments:write')
  @Post('banks/:bank/statements')
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Takes in a statement: camt.053, MT940 or the bank’s own CSV; the same file twice changes nothing',
  })
  @ApiOkResponse({ standardSchema: ImportView })
  import(
    @Req() request: object,
    @Param('bank') bank: string,
    @Body({ schema: ImportBody }) { content }: z.infer<typeof ImportBody>,
  ) {
    return this.importing.import(bank, Buffer.from(content, 'base64'), currentCaller(request).subject);
  }

  @Scopes('payments:read')
  @Get('banks/:bank/statements')
  @ApiOkResponse({ standardSchema: z.object({ statements: z.array(StatementView) }) })
  async list(@Param('bank') bank: string, @Query({ schema: Limit }) { limit }: z.infer<typeof Limit>) {
    return { statements: await this.statements.list(bank, limit) };
  }

  @Scopes('payments:read')
  @Get('banks/:bank/open-lines')
  @ApiOperation({ summary: 'Lines that nobody has explained, newest first' })
  @ApiOkResponse({ standardSchema: z.object({ lines: z.array(LineView) }) })
  async openLines(@Param('bank') bank: string, @Query({ schema: Limit }) { limit }: z.infer<typeof Limit>) {
    return { lines: await this.lines.list(bank, limit) };
  }

  @Scopes('payments:write')
  @Post('banks/:bank/payout-files')
  @ApiOperation({ summary: 'Puts the approved payouts into a file for the bank' })
  @ApiOkResponse({ standardSchema: FileView })
  makeFile(@Req() request: object, @Param('bank') bank: string) {
    return this.files.make(bank, currentCaller(request).subject);
  }

  @Scopes('payments:read')
  @Get('payout-files/:fileId')
  @ApiOkResponse({ standardSchema: FileView })
  file(@Param('fileId') fileId: string) {
    if (!Id.safeParse(fileId).success)
      throw new Problem({ code: 'not-found', field: 'fileId', detail: 'There is no such payout file.' });
    return this.files.one(fileId);
  }

  @Scopes('payments:read')
  @Get('payouts')
  @ApiOperation({ summary: 'Payouts that are not over, oldest first' })
  @ApiOkResponse({ standardSchema: z.object({ payouts: z.array(PayoutView) }) })
  async openPayouts(@Query({ schema: Limit }) { limit }: z.infer<typeof Limit>) {
    return { payouts: await this.payouts.open(limit) };
  }

  @Scopes('payments:read')
  @Get('suspense')
  @ApiOperation({ summary: 'Money that is nobody’s yet, oldest first' })
  @ApiOkResponse({ standardSchema: z.object({ suspense: z.array(SuspenseView) }) })
  async openSuspense(@Query({ schema: Limit }) { limit }: z.infer<typeof Limit>) {
    return { suspense: await this.suspenses.open(limit) };
  }
}
