import { AccountId, AmountText, Code, CurrencyCode, Id, InstantText, Sha256Hex } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { EntriesHandler, EntryFilterQuestion } from './entries.handler.ts';
import type { EntryPage } from './entry.store.ts';

const Page = EntryFilterQuestion.extend({
  pageSize: z.coerce.number().optional(),
  cursor: z.string().optional(),
});
const Entries = z.object({
  entries: z.array(
    z.object({
      bookId: Id,
      version: z.int(),
      kind: Code,
      eventId: Id,
      currency: CurrencyCode,
      occurredAt: InstantText,
      recordedAt: InstantText,
      accountingDate: z.iso.date(),
      postings: z.array(z.object({ debit: AccountId, credit: AccountId, amount: AmountText })),
      balance: z.object({ paid: AmountText, granted: AmountText, held: AmountText }),
      previousHash: Sha256Hex,
      hash: Sha256Hex,
    }),
  ),
  nextCursor: z.string(),
});

/** The REST door of entries. */
@ApiTags('journal')
@Controller('v1')
@Scopes('ledger:read')
export class EntriesController {
  constructor(private readonly entries: EntriesHandler) {}

  @Get('books/:bookId/entries')
  @ApiOkResponse({ standardSchema: Entries })
  ofBook(
    @Param('bookId') bookId: string,
    @Query({ schema: Page }) { pageSize = 0, cursor = '', ...filter }: z.infer<typeof Page>,
  ): Promise<EntryPage> {
    return this.entries.ofBook({ bookId, pageSize, cursor, filter });
  }

  @Get('journal')
  @ApiOkResponse({ standardSchema: Entries })
  ofJournal(
    @Query({ schema: Page }) { pageSize = 0, cursor = '', ...filter }: z.infer<typeof Page>,
  ): Promise<EntryPage> {
    return this.entries.ofJournal({ pageSize, cursor, filter });
  }
}
