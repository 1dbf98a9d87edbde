import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { EntryView } from '../journal/entry-row.store.ts';
import { EntriesHandler } from './entries.handler.ts';
import type { EntryPage } from './entry.store.ts';

/** The gRPC door of entries. */
@Controller()
@Scopes('ledger:read')
export class EntriesGrpc {
  constructor(private readonly entries: EntriesHandler) {}

  @GrpcMethod('Ledger', 'ListEntries')
  async ofBook(request: LedgerApi.ListEntriesRequest): Promise<LedgerApi.ListEntriesResponse> {
    return messageOf(await this.entries.ofBook(request));
  }

  @GrpcMethod('Ledger', 'ListJournal')
  async ofJournal(request: LedgerApi.ListJournalRequest): Promise<LedgerApi.ListEntriesResponse> {
    return messageOf(await this.entries.ofJournal(request));
  }
}

const messageOf = ({ entries, nextCursor }: EntryPage): LedgerApi.ListEntriesResponse => ({
  entries: entries.map(entryMessage),
  nextCursor,
});

const entryMessage = ({ balance, version, postings, ...entry }: EntryView): LedgerApi.Entry => ({
  ...entry,
  version: version.toString(),
  postings: [...postings],
  paidAfter: balance.paid,
  grantedAfter: balance.granted,
  heldAfter: balance.held,
});
