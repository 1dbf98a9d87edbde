import type { LedgerApi } from '@app/contracts';
import { Scopes } from '@app/transport';
import type { Metadata, ServerWritableStream } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { type EventEmitter, once } from 'node:events';
import { from, type Observable } from 'rxjs';
import { type ExportedLines, ExportJournalHandler } from './export-journal.handler.ts';
import type { Seal } from './seal.ts';
import { SealsHandler } from './seals.handler.ts';

type ExportCall<Request> = ServerWritableStream<Request, LedgerApi.ExportLines>;

/** The gRPC door of seals, proofs and the export. */
@Controller()
@Scopes('ledger:read')
export class SealsGrpc {
  constructor(
    private readonly seals: SealsHandler,
    private readonly exports: ExportJournalHandler,
  ) {}

  @GrpcMethod('Ledger', 'ListSeals')
  async list(request: LedgerApi.ListSealsRequest): Promise<LedgerApi.ListSealsResponse> {
    const { seals, nextCursor } = await this.seals.list(request);
    return { seals: seals.map(sealMessage), nextCursor };
  }

  @GrpcMethod('Ledger', 'GetSeal')
  async get(request: LedgerApi.GetSealRequest): Promise<LedgerApi.Seal> {
    return sealMessage(await this.seals.get(request));
  }

  @GrpcMethod('Ledger', 'ProveEntry')
  async prove(request: LedgerApi.ProveEntryRequest): Promise<LedgerApi.InclusionProof> {
    const { proofVersion: _one, entry, head, index, seal, ...proof } = await this.seals.prove(request);
    return {
      entry: { ...entry, version: entry.version.toString() },
      previousHash: proof.previousHash,
      following: [...proof.following],
      head: { ...head, version: head.version.toString() },
      index: index.toString(),
      path: [...proof.path],
      seal: sealMessage(seal),
    };
  }

  @GrpcMethod('Ledger', 'Export')
  export(
    _request: LedgerApi.ExportRequest,
    _metadata: Metadata,
    call: ExportCall<LedgerApi.ExportRequest>,
  ): Observable<LedgerApi.ExportLines> {
    return from(atItsPace(this.exports.whole(), call));
  }

  @GrpcMethod('Ledger', 'ExportBook')
  exportBook(
    request: LedgerApi.ExportBookRequest,
    _metadata: Metadata,
    call: ExportCall<LedgerApi.ExportBookRequest>,
  ): Observable<LedgerApi.ExportLines> {
    return from(atItsPace(this.exports.ofBook(request), call));
  }
}

/** Goes on only when the caller has taken what it was given, and ends when it has gone away. */
async function* atItsPace(
  parts: ExportedLines | Promise<ExportedLines>,
  call: Pick<ExportCall<unknown>, 'cancelled' | 'writableNeedDrain'> & EventEmitter,
): AsyncGenerator<LedgerApi.ExportLines> {
  for await (const lines of await parts) {
    if (call.cancelled) return;
    if (call.writableNeedDrain)
      await Promise.race([once(call, 'drain'), once(call, 'cancelled')]).catch(() => undefined);
    yield { lines: [...lines] };
  }
}

const sealMessage = ({ sealVersion: _one, books, entries, ...seal }: Seal): LedgerApi.Seal => ({
  ...seal,
  books: books.toString(),
  entries: entries.toString(),
});
