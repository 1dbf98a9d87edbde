import { canonicalText, topics } from '@app/contracts';
import { metrics } from '@app/observability';
import { Database, Outbox, type Tx } from '@app/persistence';
import { type Charge, rate, type Usage } from '@app/rating';
import { type Caller, Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { CallStore } from '../calls/call.store.ts';
import { type EndedCall, type Outcome, sentenceOf, tellingOf } from '../calls/ended-call.ts';
import { costOf } from '../margins/call-cost.ts';
import { RecordCostsHandler } from '../margins/record-costs.handler.ts';
import { PriceBookStore } from '../prices/price-book.store.ts';
import type { PublishedVersion } from '../prices/published-version.ts';
import { type NewResolution, type QuarantinedEnd, QuarantineStore } from './quarantine.store.ts';
import { endedBefore, type QuarantinePlace, type Resolution, type ResolutionView } from './resolution.ts';

type ToCharge = Extract<Resolution, { readonly action: 'charge' }>;

const resolved = metrics.counter({
  name: 'metering_quarantine_resolved_total',
  help: 'Quarantined ends of calls that were resolved, by how.',
  labels: ['action'],
});

/** Ends the wait of a quarantined call as a person decides: charged by corrected usage, or closed without a charge. */
@Injectable()
export class ResolveCallHandler {
  constructor(
    private readonly database: Database,
    private readonly quarantine: QuarantineStore,
    private readonly calls: CallStore,
    private readonly book: PriceBookStore,
    private readonly outbox: Outbox,
    private readonly costs: RecordCostsHandler,
  ) {}

  /** The same decision again is answered as it was first; another one is a conflict. */
  handle(place: QuarantinePlace, resolution: Resolution, caller: Caller): Promise<ResolutionView> {
    return this.database.transaction(async (tx) => {
      const end = await this.quarantine.take(tx, place);
      if (end === undefined) throw unknown(place);
      const before = await this.quarantine.resolutionOf(tx, place);
      if (before !== undefined) return sameAgain(before, resolution);
      const decided =
        resolution.action === 'charge'
          ? await this.charge(tx, { place, end }, resolution)
          : await this.close(tx, { place, end });
      const { subject: actor, clientId } = caller;
      const { action, reason } = resolution;
      await this.quarantine.resolve(tx, [{ ...place, ...decided, action, reason, actor, clientId }]);
      tx.afterCommit(() => {
        resolved.inc({ action });
      });
      return (await this.quarantine.resolutionOf(tx, place)) ?? unresolved();
    });
  }

  private async charge(
    tx: Tx,
    waiting: Waiting,
    { tokens, units, priceVersionId }: ToCharge,
  ): Promise<Decided> {
    const { end } = waiting;
    if (end.outcome !== 'quarantined' || end.code === endedBefore) throw endedAlready();
    const usage: Usage = { tokens, units, source: 'corrected', estimated: false };
    const version = await this.versionFor(tx, end, priceVersionId);
    const charge = chargeOf(usage, version, end.occurred_at);
    await this.amend(tx, waiting, { usage, version, outcome: { outcome: 'charged', charge } });
    await this.book.markRated(tx, [version.rateCardId]);
    return {
      usage: { tokens, units },
      priceVersionId: version.id,
      charge: charge.amount,
      currency: charge.currency,
    };
  }

  private async close(tx: Tx, waiting: Waiting): Promise<Decided> {
    if (waiting.end.code !== endedBefore) {
      const outcome: Outcome = { outcome: 'uncharged', reason: 'closed_by_hand' };
      await this.amend(tx, waiting, { usage: null, version: undefined, outcome });
    }
    return { usage: null, priceVersionId: null, charge: null, currency: null };
  }

  /** The version that was pinned, or the one that the person names because none was. */
  private async versionFor(
    tx: Tx,
    end: QuarantinedEnd,
    named: string | undefined,
  ): Promise<PublishedVersion> {
    const id = named ?? end.price_version_id ?? '';
    const version = (await this.book.byId(tx, [id])).get(id);
    if (version?.model === end.model) return version;
    const what =
      version === undefined ? 'was never published' : `is for ${version.model}, not for ${end.model}`;
    throw new Problem({
      ...{ code: 'unknown-price', field: 'priceVersionId' },
      detail: `priceVersionId: the price version "${id}" ${what}`,
      remedy: 'Name a version of this model on the customer’s card.',
    });
  }

  private async amend(
    tx: Tx,
    { place, end }: Waiting,
    { usage, version, outcome }: Amendment,
  ): Promise<void> {
    const call = amended(place, end, { usage, version, outcome });
    const ended = await this.calls.amend(tx, [call]);
    if (ended.size === 0) throw endedAlready();
    await this.costs.handle(tx, [call]);
    await this.outbox.add(
      tx,
      topics.rated.name,
      [tellingOf(call)].filter((event) => event !== undefined),
    );
  }
}

interface Waiting {
  readonly place: QuarantinePlace;
  readonly end: QuarantinedEnd;
}

interface Amendment {
  readonly usage: Usage | null;
  readonly version: PublishedVersion | undefined;
  readonly outcome: Outcome;
}

type Decided = Pick<NewResolution, 'usage' | 'priceVersionId' | 'charge' | 'currency'>;

function chargeOf(usage: Usage, version: PublishedVersion, at: string): Charge {
  const rated = rate(usage, version, at);
  if (rated.accepted) return rated.events[0];
  throw new Problem({
    ...{ code: 'impossible-usage', field: 'tokens' },
    detail: `tokens: ${sentenceOf(rated.refusal)}`,
    remedy: 'Give counts of kinds that the price version prices.',
  });
}

function amended({ customerId, callId }: QuarantinePlace, end: QuarantinedEnd, change: Amendment): EndedCall {
  const { usage, version, outcome } = change;
  return {
    ...{ customerId, callId, usage, end: outcome },
    ...{
      source: end.source,
      keyId: end.key_id,
      holdId: end.hold_id,
      model: end.model,
      endpoint: end.endpoint,
    },
    priceVersionId: version?.id ?? end.price_version_id,
    rateCardId: version?.rateCardId ?? end.rate_card,
    occurredAt: end.occurred_at,
    endedAt: end.at,
    statusCode: end.status_code,
    rawUsage: end.raw_usage,
    cost: costOf({ usage, version, upstream: undefined, occurredAt: end.occurred_at }),
  };
}

function sameAgain(before: ResolutionView, resolution: Resolution): ResolutionView {
  const usage =
    resolution.action === 'charge' ? { tokens: resolution.tokens, units: resolution.units } : noUsage;
  const asked = { action: resolution.action, reason: resolution.reason, ...usage };
  const { action, reason, tokens, units } = before;
  if (canonicalText(asked) === canonicalText({ action, reason, tokens, units })) return before;
  throw new Problem({
    ...{ code: 'conflict', field: 'action' },
    detail: `action: it was resolved before (${action}, by ${before.actor}, ${before.resolvedAt})`,
    remedy: 'A resolution is never changed. Where it was wrong, correct the charge in the ledger.',
  });
}

const noUsage = { tokens: {}, units: {} };

const unknown = ({ customerId, callId, eventId }: QuarantinePlace) =>
  new Problem({
    ...{ code: 'not-found', field: 'eventId' },
    detail: `eventId: nothing is quarantined under ${customerId}, ${callId}, ${eventId}`,
    remedy: 'Take the three ids from the list of quarantined calls.',
  });

const endedAlready = () =>
  new Problem({
    ...{ code: 'wrong-status', field: 'action' },
    detail: 'action: the call itself had ended before this came, so there is nothing to charge',
    remedy:
      'Close it. Where its first end waits too, charge that one; where the customer owes something all the same, ask for an entry by hand in the ledger.',
  });

function unresolved(): never {
  throw new TypeError('A resolution that was kept is there.');
}
