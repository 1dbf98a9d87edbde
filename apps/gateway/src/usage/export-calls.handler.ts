import type { MeteringApi } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.ts';
import { Peers } from '../peers.client.ts';
import { callLineOf } from './call-view.ts';
import { csvHead, csvLineOf } from './calls-csv.ts';
import { type CallsFilter, filterOf } from './usage-query.ts';

const pageSize = 500;

/** Gives all calls of a customer as CSV, a page at a time: no more than one page is ever in memory. */
@Injectable()
export class ExportCallsHandler {
  constructor(private readonly peers: Peers) {}

  /** Reads the first page at once, so that what is wrong is said before the first byte; the others as they are taken. */
  async handle(caller: Caller, filter: CallsFilter): Promise<AsyncIterable<string>> {
    const first = await this.page(caller, filter, '');
    return this.lines(first, caller, filter);
  }

  private async *lines(
    first: MeteringApi.ListCallsResponse,
    caller: Caller,
    filter: CallsFilter,
  ): AsyncGenerator<string> {
    yield csvHead;
    for (let page = first; ; page = await this.page(caller, filter, page.nextCursor)) {
      yield page.calls.map((call) => csvLineOf(callLineOf(call, caller.currency))).join('');
      if (page.nextCursor === '') return;
    }
  }

  private page(
    { customerId }: Caller,
    filter: CallsFilter,
    cursor: string,
  ): Promise<MeteringApi.ListCallsResponse> {
    return this.peers.metering.ListCalls({ customerId, ...filterOf(filter), cursor, pageSize });
  }
}
