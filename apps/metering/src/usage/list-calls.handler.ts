import type { MeteringApi } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { CustomerStore } from '../customers/customer.store.ts';
import type { Customer } from '../customers/customer.ts';
import { CallLineStore, type CallPlace, type StoredCall } from './call-line.store.ts';
import { creditsOf } from './read-usage.handler.ts';
import { type CallsQuery, Instant } from './usage-query.ts';

/** Lists ended calls, one line each, newest first. */
@Injectable()
export class ListCallsHandler {
  constructor(
    private readonly customers: CustomerStore,
    private readonly lines: CallLineStore,
  ) {}

  async handle(query: CallsQuery): Promise<MeteringApi.ListCallsResponse> {
    const customer = await this.customers.find(query.customerId);
    const found = await this.lines.page(
      query,
      query.cursor === undefined ? undefined : placeOf(query.cursor),
    );
    const page = found.slice(0, query.pageSize);
    const last = found.length > query.pageSize ? page.at(-1) : undefined;
    return {
      calls: page.map((call) => lineOf(call, customer)),
      nextCursor: last === undefined ? '' : cursorOf(last),
    };
  }
}

/** The line of a call, as the doors show it. */
export function lineOf(call: StoredCall, customer: Customer | undefined): MeteringApi.CallLine {
  return {
    callId: call.call_id,
    customerId: call.customer_id,
    keyId: call.key_id ?? '',
    model: call.model,
    endpoint: call.endpoint,
    source: call.source,
    occurredAt: call.occurred_at,
    statusCode: call.status_code ?? 0,
    tokens: textsOf(call.tokens),
    units: textsOf(call.units),
    charge: call.charge ?? '',
    currency: call.currency ?? '',
    credits: call.charge === null ? '' : creditsOf(call.charge, customer),
    priceVersionId: call.price_version_id ?? '',
    outcome: call.outcome,
    reason: call.reason ?? '',
    usageSource: call.usage_source ?? '',
    estimated: call.estimated,
    lines: (call.lines ?? []).map((line) => ({ ...line, quantity: line.quantity.toString() })),
  };
}

const textsOf = (counts: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, count.toString()]));

const cursorOf = ({ occurred_at: occurredAt, call_id: callId }: StoredCall): string =>
  Buffer.from(`${occurredAt} ${callId}`).toString('base64url');

function placeOf(cursor: string): CallPlace {
  const text = Buffer.from(cursor, 'base64url').toString();
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) ([\x21-\x7e]{1,128})$/.exec(text);
  if (match?.[2] === undefined || !Instant.safeParse(match[1]).success) {
    throw new Problem({
      code: 'invalid-request',
      field: 'cursor',
      detail: 'cursor: is not one that a page of calls gave',
      remedy: 'Send the cursor of the page before as it came, or none.',
    });
  }
  return { occurredAt: match[1] ?? '', callId: match[2] };
}
