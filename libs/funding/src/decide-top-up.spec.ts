import { type Decision, fold, InvariantViolation } from '@app/decider';
import { Money } from '@app/money';
import { describe, expect, it } from '@jest/globals';
import { topUp } from './decide-top-up.ts';
import type { Payment, TopUpCommand, TopUpEvent, TopUpRefusal, TopUpStatus, Trade } from './top-up.ts';

const yuan = (text: string) => Money.of(text, 'CNY');
const start: Extract<TopUpCommand, { type: 'StartTopUp' }> = {
  type: 'StartTopUp',
  topUpId: 'top_1',
  customerId: 'cus_1',
  channel: 'wechat-pay',
  amount: '50',
  currency: 'CNY',
};
const order = { topUpId: 'top_1', customerId: 'cus_1', channel: 'wechat-pay', amount: yuan('50') };
const action = { kind: 'qr', value: 'weixin://wxpay/bizpayurl?pr=1' };
const approval = { proposedBy: 'per_1', approvedBy: 'per_2' };
const payment: Payment = { providerReference: '4200001', paid: yuan('50'), paidAt: '2026-11-22T08:00:29Z' };
const wrong: Payment = { providerReference: '4200002', paid: yuan('60'), paidAt: '2026-11-22T08:00:30Z' };
const wrongQuestion = { ...wrong, reason: 'amount-differs' as const, resolution: null };

const started: TopUpEvent = { type: 'TopUpStarted', ...order };
const accepted: TopUpEvent = { type: 'TopUpAccepted', action };
const uncertain: TopUpEvent = { type: 'TopUpUncertain', code: 'timeout' };
const failed: TopUpEvent = { type: 'TopUpFailed', code: 'PARAM_ERROR' };
const closed: TopUpEvent = { type: 'TopUpClosed' };
const settled: TopUpEvent = { type: 'TopUpSettled', payment, late: false, approval: null };
const settledLate: TopUpEvent = { ...settled, late: true };
const questioned: TopUpEvent = { type: 'TopUpQuestioned', question: wrongQuestion };
const paidBack: TopUpEvent = { type: 'TopUpPaidBack', payment: wrong, approval };

/** A history for every status that an order can have. */
const histories: Readonly<Record<TopUpStatus, readonly TopUpEvent[]>> = {
  created: [started],
  pending: [started, accepted],
  unknown: [started, uncertain],
  succeeded: [started, accepted, settled],
  closed: [started, accepted, closed],
  failed: [started, failed],
  review: [started, accepted, questioned],
  paid_back: [started, accepted, questioned, paidBack],
};
const statuses = Object.keys(histories) as TopUpStatus[];

const paid = (proof: Payment, recipientIsOurs = true): Trade => ({
  state: 'paid',
  payment: proof,
  recipientIsOurs,
});
const commands = {
  'create ok': { type: 'RecordAnswer', answer: { kind: 'ok', action } },
  'create failed': { type: 'RecordAnswer', answer: { kind: 'failed', code: 'PARAM_ERROR' } },
  'create unknown': { type: 'RecordAnswer', answer: { kind: 'unknown', code: 'timeout' } },
  'trade unpaid': { type: 'RecordTrade', trade: { state: 'unpaid' } },
  'trade closed': { type: 'RecordTrade', trade: { state: 'closed' } },
  'trade not-found': { type: 'RecordTrade', trade: { state: 'not-found' } },
  'trade paid': { type: 'RecordTrade', trade: paid(payment) },
  'trade paid wrongly': { type: 'RecordTrade', trade: paid(wrong) },
  'credit it': { type: 'ResolveQuestion', providerReference: '4200002', resolution: 'credit', approval },
  'pay it back': { type: 'ResolveQuestion', providerReference: '4200002', resolution: 'pay-back', approval },
} satisfies Record<string, TopUpCommand>;
type CommandName = keyof typeof commands;

const decideAfter = (past: readonly TopUpEvent[], command: TopUpCommand) =>
  topUp.decide(command, fold(topUp, past));

/** What a decision comes to, in short: the status after it, `-` for nothing, or the refusal. */
const outcomeOf = (status: TopUpStatus, name: CommandName): string => {
  const decision = decideAfter(histories[status], commands[name]);
  if (!decision.accepted) return `refused ${decision.refusal.code}`;
  if (decision.events.length === 0) return '-';
  const late = decision.events.some((event) => event.type === 'TopUpSettled' && event.late) ? ' late' : '';
  return `${fold(topUp, [...histories[status], ...decision.events])?.status ?? ''}${late}`;
};

const unknownPayment = 'refused unknown-payment';
const table: Readonly<Record<CommandName, Readonly<Record<TopUpStatus, string>>>> = {
  'create ok': {
    created: 'pending',
    pending: '-',
    unknown: 'pending',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'create failed': {
    created: 'failed',
    pending: '-',
    unknown: 'failed',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'create unknown': {
    created: 'unknown',
    pending: '-',
    unknown: '-',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'trade unpaid': {
    created: 'pending',
    pending: '-',
    unknown: 'pending',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'trade closed': {
    created: 'closed',
    pending: 'closed',
    unknown: 'closed',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'trade not-found': {
    created: '-',
    pending: '-',
    unknown: 'created',
    succeeded: '-',
    closed: '-',
    failed: '-',
    review: '-',
    paid_back: '-',
  },
  'trade paid': {
    created: 'succeeded',
    pending: 'succeeded',
    unknown: 'succeeded',
    succeeded: '-',
    closed: 'succeeded late',
    failed: 'succeeded late',
    review: 'review',
    paid_back: 'review',
  },
  'trade paid wrongly': {
    created: 'review',
    pending: 'review',
    unknown: 'review',
    succeeded: 'succeeded',
    closed: 'review',
    failed: 'review',
    review: '-',
    paid_back: '-',
  },
  'credit it': {
    created: unknownPayment,
    pending: unknownPayment,
    unknown: unknownPayment,
    succeeded: unknownPayment,
    closed: unknownPayment,
    failed: unknownPayment,
    review: 'succeeded',
    paid_back: 'refused already-resolved',
  },
  'pay it back': {
    created: unknownPayment,
    pending: unknownPayment,
    unknown: unknownPayment,
    succeeded: unknownPayment,
    closed: unknownPayment,
    failed: unknownPayment,
    review: 'paid_back',
    paid_back: '-',
  },
};
const rows = Object.entries(table).flatMap(([name, row]) =>
  statuses.map((status) => [status, name as CommandName, row[status]] as const),
);

/** given(past).when(command).then(events) — the whole language of a decider test. */
const given = (...past: readonly TopUpEvent[]) => ({
  when: (command: TopUpCommand) => {
    const decision: Decision<TopUpEvent, TopUpRefusal> = decideAfter(past, command);
    return {
      then: (...events: readonly TopUpEvent[]) => {
        expect(decision).toEqual({ accepted: true, events });
      },
      thenRefused: (refusal: TopUpRefusal) => {
        expect(decision).toEqual({ accepted: false, refusal });
      },
    };
  },
});

describe('every status of a top-up', () => {
  it.each(statuses)('%s has a history', (status) => {
    expect(fold(topUp, histories[status])?.status).toBe(status);
  });

  it.each(rows)('%s, told %s: %s', (status, name, outcome) => {
    expect(outcomeOf(status, name)).toBe(outcome);
  });
});

describe('starting a top-up', () => {
  it('records the order before anyone is called', () => {
    given().when(start).then(started);
    expect(fold(topUp, [started])).toEqual({
      ...order,
      status: 'created',
      action: null,
      failureCode: null,
      payment: null,
      questions: [],
    });
  });

  it('ignores the same order twice', () => {
    given(started, accepted)
      .when({ ...start, amount: '50.00' })
      .then();
  });

  it.each([
    { topUpId: 'top_2' },
    { customerId: 'cus_2' },
    { channel: 'alipay' },
    { amount: '51' },
    { currency: 'USD' },
  ])('refuses the id for another order: %j', (other) => {
    const refusal = { code: 'id-taken' as const, topUpId: other.topUpId ?? 'top_1' };
    given(started)
      .when({ ...start, ...other })
      .thenRefused(refusal);
  });

  it('refuses ¥0.99, takes ¥1, and knows no upper limit', () => {
    expect(decideAfter([], { ...start, amount: '0.99' })).toMatchObject({
      accepted: false,
      refusal: { code: 'below-minimum', field: 'amount' },
    });
    expect(decideAfter([], { ...start, amount: '1' }).accepted).toBe(true);
    expect(decideAfter([], { ...start, amount: '123456789.01' }).accepted).toBe(true);
    expect(decideAfter([], { ...start, amount: '50', minimum: '100' }).accepted).toBe(false);
  });

  it.each(Object.values(commands))('knows nothing of an order that was never started: %j', (command) => {
    given().when(command).thenRefused({ code: 'unknown-top-up' });
  });

  it('holds a history without a beginning for a bug', () => {
    expect(() => topUp.evolve(undefined, closed)).toThrow(InvariantViolation);
  });
});

describe('the provider’s answer', () => {
  it('tells how to pay', () => {
    expect(fold(topUp, [started, accepted])?.action).toEqual(action);
  });

  it('may come after the payment without lowering the state', () => {
    given(started, settled).when(commands['create ok']).then();
  });

  it('still tells how to pay where a query was faster', () => {
    const seenUnpaid: TopUpEvent = { type: 'TopUpAccepted', action: null };
    given(started, uncertain).when(commands['trade unpaid']).then(seenUnpaid);
    given(started, uncertain, seenUnpaid).when(commands['create ok']).then(accepted);
  });

  it('keeps the code while it is unknown, and forgets it when it is known', () => {
    expect(fold(topUp, [started, uncertain])?.failureCode).toBe('timeout');
    expect(fold(topUp, [started, uncertain, { type: 'TopUpNotAtProvider' }])?.failureCode).toBeNull();
    expect(fold(topUp, [started, failed, settledLate])?.failureCode).toBeNull();
  });
});

describe('proof of payment', () => {
  it('credits once, however often it is delivered', () => {
    given(started, accepted).when(commands['trade paid']).then(settled);
    given(started, accepted, settled).when(commands['trade paid']).then();
    expect(fold(topUp, [started, accepted, settled])?.payment).toEqual(payment);
  });

  it('credits late, because the money is real', () => {
    given(started, accepted, closed).when(commands['trade paid']).then(settledLate);
    given(started, failed).when(commands['trade paid']).then(settledLate);
  });

  it.each([
    ['amount-differs', { ...payment, paid: yuan('50.01') }, true],
    ['amount-differs', { ...payment, paid: yuan('49.99') }, true],
    ['currency-differs', { ...payment, paid: Money.of('50', 'USD') }, true],
    ['recipient-differs', payment, false],
  ] as const)('credits nothing where the %s', (reason, proof, recipientIsOurs) => {
    const question = { ...proof, reason, resolution: null };
    given(started, accepted)
      .when({ type: 'RecordTrade', trade: paid(proof, recipientIsOurs) })
      .then({ type: 'TopUpQuestioned', question });
  });

  it('credits nothing by a payment that has credited another order, nor do two people', () => {
    const question = { ...payment, reason: 'pays-another-order' as const, resolution: null };
    const elsewhere: TopUpEvent = { type: 'TopUpQuestioned', question };
    given(started, accepted)
      .when({
        type: 'RecordTrade',
        trade: { state: 'paid', payment, recipientIsOurs: true, paysAnotherOrder: true },
      })
      .then(elsewhere);
    const { providerReference } = payment;
    given(started, accepted, elsewhere)
      .when({ type: 'ResolveQuestion', providerReference, resolution: 'credit', approval })
      .thenRefused({ code: 'already-credited', providerReference });
  });

  it.each([[[started, accepted]], [[started, accepted, { type: 'TopUpClosed' } as const]]])(
    'of a customer who is not active any more credits nothing by itself, in time or late, until two people say so',
    (past) => {
      const question = { ...payment, reason: 'customer-blocked' as const, resolution: null };
      const blocked: TopUpEvent = { type: 'TopUpQuestioned', question };
      const trade = { state: 'paid', payment, recipientIsOurs: true, customerIsActive: false } as const;
      given(...past)
        .when({ type: 'RecordTrade', trade })
        .then(blocked);
      given(...past, blocked)
        .when({ type: 'RecordTrade', trade: { ...trade, customerIsActive: true } })
        .then();
      const { providerReference } = payment;
      given(...past, blocked)
        .when({ type: 'ResolveQuestion', providerReference, resolution: 'credit', approval })
        .then({ type: 'TopUpSettled', payment, late: false, approval });
    },
  );

  it('questions a second payment of one order', () => {
    const second = { ...payment, providerReference: '4200003' };
    const question = { ...second, reason: 'paid-twice' as const, resolution: null };
    const twice: TopUpEvent = { type: 'TopUpQuestioned', question };
    given(started, accepted, settled)
      .when({ type: 'RecordTrade', trade: paid(second) })
      .then(twice);
    given(started, accepted, settled, twice)
      .when({ type: 'RecordTrade', trade: paid(second) })
      .then();
    expect(fold(topUp, [started, accepted, settled, twice])).toMatchObject({ status: 'succeeded', payment });
  });
});

describe('two people', () => {
  const resolve = (resolution: 'credit' | 'pay-back', providerReference = '4200002'): TopUpCommand => ({
    type: 'ResolveQuestion',
    providerReference,
    resolution,
    approval,
  });

  it('credit what was really paid', () => {
    given(started, accepted, questioned)
      .when(resolve('credit'))
      .then({ type: 'TopUpSettled', payment: wrong, late: false, approval });
  });

  it('pay back what should not have come', () => {
    given(started, accepted, questioned).when(resolve('pay-back')).then(paidBack);
    given(started, accepted, questioned, paidBack).when(resolve('pay-back')).then();
    given(started, accepted, questioned, paidBack)
      .when(resolve('credit'))
      .thenRefused({ code: 'already-resolved', resolution: 'pay-back' });
  });

  it('are two', () => {
    given(started, accepted, questioned)
      .when({ ...commands['credit it'], approval: { proposedBy: 'per_1', approvedBy: 'per_1' } })
      .thenRefused({ code: 'same-person', person: 'per_1' });
  });

  it('cannot credit another currency', () => {
    const dollars = { ...wrong, paid: Money.of('50', 'USD') };
    const question = { ...dollars, reason: 'currency-differs' as const, resolution: null };
    given(started, accepted, { type: 'TopUpQuestioned', question })
      .when(resolve('credit'))
      .thenRefused({ code: 'other-currency', paid: 'USD', wallet: 'CNY' });
  });

  it('cannot credit an order twice, but can pay the second payment back', () => {
    const past = [started, accepted, settled, questioned];
    given(...past)
      .when(resolve('credit'))
      .thenRefused({ code: 'already-credited', providerReference: '4200001' });
    given(...past)
      .when(resolve('pay-back'))
      .then(paidBack);
    expect(fold(topUp, [...past, paidBack])).toMatchObject({ status: 'succeeded', payment });
  });

  it('go on with the other question', () => {
    const second: TopUpEvent = {
      type: 'TopUpQuestioned',
      question: { ...wrongQuestion, providerReference: '4200009' },
    };
    const past = [started, accepted, questioned, second, paidBack];
    expect(fold(topUp, past)?.status).toBe('review');
    given(...past)
      .when(resolve('pay-back', '4200009'))
      .then({ ...paidBack, payment: { ...wrong, providerReference: '4200009' } });
  });
});
