import { Id, InstantText, Sha256Hex } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type ExportedLines, ExportJournalHandler } from './export-journal.handler.ts';
import type { InclusionProof } from './proof.ts';
import type { Seal } from './seal.ts';
import { SealsHandler, type SealPage } from './seals.handler.ts';

const jsonLines = 'application/x-ndjson';
const Page = z.object({ pageSize: z.coerce.number().optional(), cursor: z.string().optional() });
const SealView = z.object({
  sealVersion: z.literal(1),
  day: z.iso.date(),
  cut: InstantText,
  books: z.int(),
  entries: z.int(),
  root: Sha256Hex,
  previous: Sha256Hex,
  keyId: z.string(),
  hash: Sha256Hex,
  signature: z.string(),
});
const SealsView = z.object({ seals: z.array(SealView), nextCursor: z.string() });
const ProofView = z.object({
  proofVersion: z.literal(1),
  entry: z.object({ book: Id, version: z.int(), canonical: z.string(), hash: Sha256Hex }),
  previousHash: Sha256Hex,
  following: z.array(Sha256Hex),
  head: z.object({ book: Id, version: z.int(), hash: Sha256Hex }),
  index: z.int(),
  path: z.array(Sha256Hex),
  seal: SealView,
});

/** The REST door of seals, proofs and the export. */
@ApiTags('seals')
@Controller('v1')
@Scopes('ledger:read')
export class SealsController {
  constructor(
    private readonly seals: SealsHandler,
    private readonly exports: ExportJournalHandler,
  ) {}

  @Get('seals')
  @ApiOkResponse({ standardSchema: SealsView })
  list(@Query({ schema: Page }) { pageSize = 0, cursor = '' }: z.infer<typeof Page>): Promise<SealPage> {
    return this.seals.list({ pageSize, cursor });
  }

  @Get('seals/:day')
  @ApiOkResponse({ standardSchema: SealView })
  get(@Param('day') day: string): Promise<Seal> {
    return this.seals.get({ day });
  }

  @Get('books/:bookId/entries/:version/proof')
  @ApiOkResponse({ standardSchema: ProofView })
  prove(@Param('bookId') bookId: string, @Param('version') version: string): Promise<InclusionProof> {
    return this.seals.prove({ bookId, version });
  }

  @Get('export')
  @ApiProduces(jsonLines)
  export(): StreamableFile {
    return fileOf(this.exports.whole());
  }

  @Get('books/:bookId/export')
  @ApiProduces(jsonLines)
  async exportBook(@Param('bookId') bookId: string): Promise<StreamableFile> {
    return fileOf(await this.exports.ofBook({ bookId }));
  }
}

const fileOf = (parts: ExportedLines): StreamableFile =>
  new StreamableFile(Readable.from(textOf(parts)), { type: jsonLines });

async function* textOf(parts: ExportedLines): AsyncGenerator<string> {
  for await (const lines of parts) yield lines.map((line) => `${line}\n`).join('');
}
