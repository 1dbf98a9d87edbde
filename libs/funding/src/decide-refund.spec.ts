import { fold, InvariantViolation } from '@app/decider';
import { Money } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { refund } from './decide-refund.ts';
import type {
  ItemOutcome,
  RefundCommand,
  RefundEvent,
  RefundItemEvent,
  RefundItemStatus,
  RefundRefusal,
  RefundStatus,
  ReservedItem,
} from './refund.ts';

const yuan = (text: string) => Money.of(text, 'CNY');
const approval = { proposedBy: 'per_1', approvedBy: 'per_2' };
const paidAt = '2026-11-22T09:00:04Z';
const request: Extract<RefundCommand, { type: 'RequestRefund' }> = {
  type: 'RequestRefund',
  refundId: 'ref_1',
  customerId: 'cus_1',
  asked: { kind: 'close-out' },
};
const reservedItem = (number: number, amount = '12.35'): ReservedItem => ({
  itemId: `ref_1.${number.toString()}`,
  topUpId: `top_${number.toString()}`,
  channel: 'wechat-pay',
  amount: yuan(amount),
});
const requested: RefundEvent = {
  type: 'RefundRequested',
  refundId: 'ref_1',
  customerId: 'cus_1',
  asked: { kind: 'close-out' },
};
const reserved: RefundEvent = { type: 'RefundReserved', items: [reservedItem(1)] };
const refused: RefundEvent = { type: 'RefundRefused', code: 'exceeds-refundable', refundable: yuan('12.34') };

const itemId = 'ref_1.1';
const submitted: RefundItemEvent = { type: 'RefundItemSubmitted', itemId };
const uncertain: RefundItemEvent = { type: 'RefundItemUncertain', itemId, code: 'timeout' };
const taken: RefundItemEvent = { type: 'RefundItemAccepted', itemId, providerReference: '503' };
const queued: RefundItemEvent = { type: 'RefundItemQueued', itemId };
const abnormal: RefundItemEvent = { type: 'RefundItemAbnormal', itemId, providerReference: '503' };
const planned: RefundItemEvent = { type: 'RefundItemPayoutPlanned', itemId, approval };
const paid: RefundItemEvent = { type: 'RefundItemPaid', itemId, providerReference: '503', paidAt };
const failed: RefundItemEvent = { type: 'RefundItemFailed', itemId, code: 'CLOSED', failedAt: paidAt };

/** A history for every status that an item can have. */
const histories: Readonly<Record<RefundItemStatus, readonly RefundEvent[]>> = {
  created: [requested, reserved],
  submitting: [requested, reserved, submitted],
  unknown: [requested, reserved, submitted, uncertain],
  processing: [requested, reserved, submitted, taken],
  queued_funds: [requested, reserved, submitted, queued],
  abnormal: [requested, reserved, submitted, taken, abnormal],
  manual_payout: [requested, reserved, planned],
  succeeded: [requested, reserved, submitted, paid],
  failed: [requested, reserved, submitted, failed],
};
const statuses = Object.keys(histories) as RefundItemStatus[];

const told = (outcome: ItemOutcome): RefundCommand => ({ type: 'RecordItemOutcome', itemId, outcome });
const commands = {
  submit: { type: 'SubmitItem', itemId },
  'plan payout': { type: 'PlanPayout', itemId, approval },
  processing: told({ kind: 'processing', providerReference: '503' }),
  paid: told({ kind: 'paid', providerReference: '503', amount: yuan('12.35'), paidAt }),
  'paid another amount': told({ kind: 'paid', providerReference: '503', amount: yuan('12.34'), paidAt }),
  failed: told({ kind: 'failed', code: 'CLOSED', failedAt: paidAt }),
  unknown: told({ kind: 'unknown', code: 'timeout' }),
  'not-found': told({ kind: 'not-found' }),
  'no-funds': told({ kind: 'no-funds' }),
  abnormal: told({ kind: 'abnormal', providerReference: '503' }),
} satisfies Record<string, RefundCommand>;
type CommandName = keyof typeof commands;

const paidOut = told({
  ...{ kind: 'paid', providerReference: 'bank-9', amount: yuan('12.35') },
  ...{ paidAt, paidFrom: 'bank-spec' },
});

const decideAfter = (past: readonly RefundEvent[], command: RefundCommand) =>
  refund.decide(command, fold(refund, past));

/** What a decision comes to, in short: the item's status after it, `-` for nothing, or the refusal. */
const outcomeOf = (status: RefundItemStatus, name: CommandName): string => {
  const decision = decideAfter(histories[status], commands[name]);
  if (!decision.accepted) return `refused ${decision.refusal.code}`;
  if (decision.events.length === 0) return '-';
  return fold(refund, [...histories[status], ...decision.events])?.items[0]?.status ?? '';
};

const wrong = 'refused wrong-status';
const differs = 'refused amount-differs';
const afterPaid = 'refused failed-after-paid';
const table: Readonly<Record<CommandName, Readonly<Record<RefundItemStatus, string>>>> = {
  submit: {
    created: 'submitting',
    submitting: '-',
    unknown: wrong,
    processing: wrong,
    queued_funds: 'submitting',
    abnormal: wrong,
    manual_payout: wrong,
    succeeded: wrong,
    failed: wrong,
  },
  'plan payout': {
    created: 'manual_payout',
    submitting: wrong,
    unknown: wrong,
    processing: wrong,
    queued_funds: wrong,
    abnormal: 'manual_payout',
    manual_payout: '-',
    succeeded: wrong,
    failed: wrong,
  },
  processing: {
    created: 'processing',
    submitting: 'processing',
    unknown: 'processing',
    processing: '-',
    queued_funds: 'processing',
    abnormal: '-',
    manual_payout: '-',
    succeeded: '-',
    failed: wrong,
  },
  paid: {
    created: 'succeeded',
    submitting: 'succeeded',
    unknown: 'succeeded',
    processing: 'succeeded',
    queued_funds: 'succeeded',
    abnormal: 'succeeded',
    manual_payout: 'succeeded',
    succeeded: '-',
    failed: 'refused paid-after-failed',
  },
  'paid another amount': {
    created: differs,
    submitting: differs,
    unknown: differs,
    processing: differs,
    queued_funds: differs,
    abnormal: differs,
    manual_payout: differs,
    succeeded: differs,
    failed: differs,
  },
  failed: {
    created: 'failed',
    submitting: 'failed',
    unknown: 'failed',
    processing: 'failed',
    queued_funds: 'failed',
    abnormal: wrong,
    manual_payout: wrong,
    succeeded: afterPaid,
    failed: '-',
  },
  unknown: {
    created: wrong,
    submitting: 'unknown',
    unknown: '-',
    processing: '-',
    queued_funds: '-',
    abnormal: '-',
    manual_payout: '-',
    succeeded: '-',
    failed: '-',
  },
  'not-found': {
    created: '-',
    submitting: '-',
    unknown: 'submitting',
    processing: '-',
    queued_funds: '-',
    abnormal: '-',
    manual_payout: '-',
    succeeded: '-',
    failed: '-',
  },
  'no-funds': {
    created: wrong,
    submitting: 'queued_funds',
    unknown: '-',
    processing: '-',
    queued_funds: '-',
    abnormal: '-',
    manual_payout: '-',
    succeeded: '-',
    failed: '-',
  },
  abnormal: {
    created: 'abnormal',
    submitting: 'abnormal',
    unknown: 'abnormal',
    processing: 'abnormal',
    queued_funds: 'abnormal',
    abnormal: '-',
    manual_payout: '-',
    succeeded: afterPaid,
    failed: wrong,
  },
};
const rows = Object.entries(table).flatMap(([name, row]) =>
  statuses.map((status) => [status, name as CommandName, row[status]] as const),
);

/** given(past).when(command).then(events) — the whole language of a decider test. */
const given = (...past: readonly RefundEvent[]) => ({
  when: (command: RefundCommand) => {
    const decision = decideAfter(past, command);
    return {
      then: (...events: readonly RefundEvent[]) => {
        expect(decision).toEqual({ accepted: true, events });
      },
      thenRefused: (refusal: RefundRefusal) => {
        expect(decision).toEqual({ accepted: false, refusal });
      },
    };
  },
});

describe('every status of a refund item', () => {
  it.each(statuses)('%s has a history', (status) => {
    expect(fold(refund, histories[status])?.items[0]?.status).toBe(status);
  });

  it.each(rows)('%s, told %s: %s', (status, name, outcome) => {
    expect(outcomeOf(status, name)).toBe(outcome);
  });
});

describe('requesting a refund', () => {
  const half = { kind: 'amount', amount: '25', currency: 'CNY' } as const;
  const requestedHalf: RefundEvent = { ...requested, asked: { kind: 'amount', amount: yuan('25') } };

  it('records what was asked for', () => {
    given().when(request).then(requested);
    given()
      .when({ ...request, asked: half })
      .then(requestedHalf);
    expect(fold(refund, [requested])).toEqual({
      refundId: 'ref_1',
      customerId: 'cus_1',
      asked: { kind: 'close-out' },
      status: 'requested',
      refused: null,
      items: [],
    });
  });

  it('ignores the same request twice', () => {
    given(requested).when(request).then();
    given(requestedHalf)
      .when({ ...request, asked: { ...half, amount: '25.00' } })
      .then();
  });

  it.each([
    { ...request, refundId: 'ref_2' },
    { ...request, customerId: 'cus_2' },
    { ...request, asked: half },
  ])('refuses the id for another request: %j', (other) => {
    given(requested).when(other).thenRefused({ code: 'id-taken', refundId: other.refundId });
  });

  it('refuses the id for another amount, and for all instead of an amount', () => {
    const taken = { code: 'id-taken' as const, refundId: 'ref_1' };
    given(requestedHalf)
      .when({ ...request, asked: { ...half, amount: '24' } })
      .thenRefused(taken);
    given(requestedHalf).when(request).thenRefused(taken);
  });

  it('refuses less than a minor unit', () => {
    expect(decideAfter([], { ...request, asked: { ...half, amount: '0.009' } })).toMatchObject({
      accepted: false,
      refusal: { code: 'below-minimum', field: 'amount' },
    });
  });

  it.each(Object.values(commands))('knows nothing of a refund that was never requested: %j', (command) => {
    given().when(command).thenRefused({ code: 'unknown-refund' });
  });

  it('holds a history without a beginning for a bug', () => {
    expect(() => refund.evolve(undefined, reserved)).toThrow(InvariantViolation);
  });
});

describe('the ledger’s answer', () => {
  const reserve = (...items: readonly ReservedItem[]): RefundCommand => ({ type: 'RecordReserved', items });
  const refuse: RefundCommand = {
    type: 'RecordRefused',
    code: 'exceeds-refundable',
    refundable: yuan('12.34'),
  };

  it('says which payments it goes back to', () => {
    given(requested)
      .when(reserve(reservedItem(1)))
      .then(reserved);
    given(requested, reserved)
      .when(reserve(reservedItem(1)))
      .then();
    expect(fold(refund, [requested, reserved])).toMatchObject({
      status: 'processing',
      items: [{ status: 'created' }],
    });
  });

  it('says no, with what could be refunded instead', () => {
    given(requested).when(refuse).then(refused);
    given(requested, refused).when(refuse).then();
    expect(fold(refund, [requested, refused])).toMatchObject({
      status: 'refused',
      refused: { code: 'exceeds-refundable', refundable: yuan('12.34') },
    });
  });

  it('is never changed afterwards', () => {
    const other = [reserve(reservedItem(2)), reserve(reservedItem(1), reservedItem(2)), refuse];
    for (const command of other) {
      given(requested, reserved).when(command).thenRefused({ code: 'wrong-status', status: 'processing' });
    }
    const both: RefundEvent = { type: 'RefundReserved', items: [reservedItem(1), reservedItem(2)] };
    given(requested, both)
      .when(reserve(reservedItem(1)))
      .thenRefused({ code: 'wrong-status', status: 'processing' });
    given(requested, refused)
      .when(reserve(reservedItem(1)))
      .thenRefused({ code: 'wrong-status', status: 'refused' });
  });

  it.each([
    ['has no item', []],
    ['has an item twice', [reservedItem(1), reservedItem(1)]],
    ['gives nothing back', [reservedItem(1, '0')]],
    ['takes instead of giving', [reservedItem(1, '-1')]],
    ['cannot be paid', [reservedItem(1, '12.345')]],
  ])('is a bug where it %s', (_, items) => {
    expect(() => decideAfter([requested], reserve(...items))).toThrow(InvariantViolation);
  });
});

describe('the end of a refund', () => {
  const two: RefundEvent = { type: 'RefundReserved', items: [reservedItem(1), reservedItem(2)] };
  const second = 'ref_1.2';
  const ends: [string, RefundItemEvent[], RefundStatus][] = [
    ['none has ended', [submitted], 'processing'],
    ['one is paid', [paid], 'processing'],
    ['one has failed', [failed], 'processing'],
    ['all are paid', [paid, { ...paid, itemId: second }], 'succeeded'],
    ['one is paid and one has failed', [failed, { ...paid, itemId: second }], 'partially_succeeded'],
    ['all have failed', [failed, { ...failed, itemId: second }], 'failed'],
    ['one is abnormal', [paid, { ...abnormal, itemId: second }], 'processing'],
  ];

  it.each(ends)('when %s', (_, events, status) => {
    expect(fold(refund, [requested, two, ...events])?.status).toBe(status);
  });
});

describe('an item', () => {
  it('that nobody reserved is refused', () => {
    given(requested, reserved)
      .when({ type: 'SubmitItem', itemId: 'ref_1.9' })
      .thenRefused({ code: 'unknown-item', itemId: 'ref_1.9' });
  });

  it('carries what the provider said', () => {
    expect(fold(refund, histories.succeeded)?.items[0]).toEqual({
      ...reservedItem(1),
      status: 'succeeded',
      providerReference: '503',
      failureCode: null,
    });
    expect(fold(refund, histories.failed)?.items[0]?.failureCode).toBe('CLOSED');
    expect(fold(refund, histories.unknown)?.items[0]?.failureCode).toBe('timeout');
    expect(fold(refund, histories.abnormal)?.items[0]?.providerReference).toBe('503');
  });

  it('that was paid after it was given back is refused aloud', () => {
    given(...histories.failed)
      .when(commands.paid)
      .thenRefused({ code: 'paid-after-failed', itemId, providerReference: '503' });
  });

  it('that was paid out by people after its provider had paid it is refused aloud', () => {
    expect(decideAfter(histories.succeeded, paidOut)).toMatchObject({
      refusal: { code: 'paid-twice', itemId, providerReference: 'bank-9' },
    });
  });

  it('that was paid another amount is refused with both', () => {
    given(...histories.processing)
      .when(commands['paid another amount'])
      .thenRefused({ code: 'amount-differs', itemId, expected: '12.35 CNY', paid: '12.34 CNY' });
  });

  it('is paid out by two people', () => {
    given(requested, reserved)
      .when({ type: 'PlanPayout', itemId, approval: { proposedBy: 'per_1', approvedBy: 'per_1' } })
      .thenRefused({ code: 'same-person', person: 'per_1' });
    given(requested, reserved).when(commands['plan payout']).then(planned);
  });
});
