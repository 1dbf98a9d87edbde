import { accept, type Decider, type Decision, invariant, refuse } from '@app/decider';
import { topUpAmount } from './payable-amount.ts';
import type {
  Approval,
  Payment,
  ProviderAnswer,
  QuestionedPayment,
  QuestionReason,
  Resolution,
  TopUp,
  TopUpCommand,
  TopUpEvent,
  TopUpRefusal,
  TopUpStatus,
  Trade,
} from './top-up.ts';

type Answer = Decision<TopUpEvent, TopUpRefusal>;
type Paid = Extract<Trade, { state: 'paid' }>;
type Command<Type extends TopUpCommand['type']> = Extract<TopUpCommand, { type: Type }>;

/**
 * The life of a top-up. The order is recorded before the provider is called; afterwards proof of payment decides,
 * however late it comes and however often. What is already so is accepted without an event.
 */
export const topUp: Decider<TopUp | undefined, TopUpCommand, TopUpEvent, TopUpRefusal> = {
  initial: undefined,
  decide(command, state) {
    if (command.type === 'StartTopUp') return start(command, state);
    if (!state) return refuse({ code: 'unknown-top-up' });
    switch (command.type) {
      case 'RecordAnswer':
        return recordAnswer(command.answer, state);
      case 'RecordTrade':
        return recordTrade(command.trade, state);
      case 'ResolveQuestion':
        return resolveQuestion(command, state);
    }
  },
  evolve,
};

/** The least that can be topped up, in whole units of the currency, unless an operator says otherwise. */
const minimumDefault = '1';

function start(command: Command<'StartTopUp'>, state: TopUp | undefined): Answer {
  const { topUpId, customerId, channel, minimum = minimumDefault } = command;
  const payable = topUpAmount(command, minimum);
  if (!payable.accepted) return payable;
  const started = payable.events.map((amount) => ({
    type: 'TopUpStarted' as const,
    topUpId,
    customerId,
    channel,
    amount,
  }));
  if (!state) return accept(...started);
  const isTheSame = started.every((event) => isSameOrder(event, state));
  return isTheSame ? accept() : refuse({ code: 'id-taken', topUpId });
}

type Order = Pick<TopUp, 'topUpId' | 'customerId' | 'channel' | 'amount'>;

function isSameOrder(one: Order, other: Order): boolean {
  if (one.topUpId !== other.topUpId || one.customerId !== other.customerId) return false;
  return one.channel === other.channel && one.amount.equals(other.amount);
}

/** The provider's answer to our call. One that comes after better knowledge changes nothing. */
function recordAnswer(answer: ProviderAnswer, { status, action }: TopUp): Answer {
  const isOpen = status === 'created' || status === 'unknown';
  switch (answer.kind) {
    case 'ok': {
      const lacksAction = status === 'pending' && action === null;
      return isOpen || lacksAction ? accept({ type: 'TopUpAccepted', action: answer.action }) : accept();
    }
    case 'failed':
      return isOpen ? accept({ type: 'TopUpFailed', code: answer.code }) : accept();
    case 'unknown':
      return status === 'created' ? accept({ type: 'TopUpUncertain', code: answer.code }) : accept();
  }
}

function recordTrade(trade: Trade, state: TopUp): Answer {
  switch (trade.state) {
    case 'paid':
      return recordPayment(trade, state);
    case 'unpaid':
      return isUnsure(state.status) ? accept({ type: 'TopUpAccepted', action: null }) : accept();
    case 'not-found':
      // Some providers know an order only once the customer looks at it, so this says nothing about a pending one.
      return state.status === 'unknown' ? accept({ type: 'TopUpNotAtProvider' }) : accept();
    case 'closed':
      return isUnsure(state.status) || state.status === 'pending'
        ? accept({ type: 'TopUpClosed' })
        : accept();
  }
}

function isUnsure(status: TopUpStatus): boolean {
  return status === 'created' || status === 'unknown';
}

function recordPayment(trade: Paid, state: TopUp): Answer {
  const { payment } = trade;
  if (isKnown(payment, state)) return accept();
  const reason = doubtOf(trade, state);
  if (reason) return accept({ type: 'TopUpQuestioned', question: { ...payment, reason, resolution: null } });
  const late = state.status === 'closed' || state.status === 'failed';
  return accept({ type: 'TopUpSettled', payment, late, approval: null });
}

function isKnown({ providerReference }: Payment, { payment, questions }: TopUp): boolean {
  if (payment?.providerReference === providerReference) return true;
  return questions.some((question) => question.providerReference === providerReference);
}

/** Why a payment does not credit by itself. Only one that is sound in all else is a matter of its customer alone. */
function doubtOf(
  { payment: { paid }, recipientIsOurs, paysAnotherOrder = false, customerIsActive = true }: Paid,
  state: TopUp,
): QuestionReason | undefined {
  if (!recipientIsOurs) return 'recipient-differs';
  if (paysAnotherOrder) return 'pays-another-order';
  if (paid.currency !== state.amount.currency) return 'currency-differs';
  if (!paid.equals(state.amount)) return 'amount-differs';
  if (state.payment || state.questions.length > 0) return 'paid-twice';
  return customerIsActive ? undefined : 'customer-blocked';
}

function resolveQuestion(
  { providerReference, resolution, approval }: Command<'ResolveQuestion'>,
  state: TopUp,
): Answer {
  const question = state.questions.find((candidate) => candidate.providerReference === providerReference);
  if (!question) return refuse({ code: 'unknown-payment', providerReference });
  if (question.resolution === resolution) return accept();
  if (question.resolution) return refuse({ code: 'already-resolved', resolution: question.resolution });
  if (approval.proposedBy === approval.approvedBy)
    return refuse({ code: 'same-person', person: approval.approvedBy });
  if (resolution === 'credit') return credit(question, approval, state);
  return accept({ type: 'TopUpPaidBack', payment: paymentOf(question), approval });
}

function paymentOf({ providerReference, paid, paidAt }: QuestionedPayment): Payment {
  return { providerReference, paid, paidAt };
}

function credit(question: QuestionedPayment, approval: Approval, state: TopUp): Answer {
  const payment = paymentOf(question);
  const { providerReference } = payment;
  const wallet = state.amount.currency;
  if (question.reason === 'pays-another-order')
    return refuse({ code: 'already-credited', providerReference });
  if (state.payment)
    return refuse({ code: 'already-credited', providerReference: state.payment.providerReference });
  if (payment.paid.currency !== wallet)
    return refuse({ code: 'other-currency', paid: payment.paid.currency, wallet });
  return accept({ type: 'TopUpSettled', payment, late: false, approval });
}

function evolve(state: TopUp | undefined, event: TopUpEvent): TopUp {
  if (event.type === 'TopUpStarted') return begun(event);
  invariant(state !== undefined, 'a top-up begins by being started');
  switch (event.type) {
    case 'TopUpAccepted':
      return { ...state, status: 'pending', action: event.action };
    case 'TopUpUncertain':
      return { ...state, status: 'unknown', failureCode: event.code };
    case 'TopUpNotAtProvider':
      return { ...state, status: 'created', failureCode: null };
    case 'TopUpFailed':
      return { ...state, status: 'failed', failureCode: event.code };
    case 'TopUpClosed':
      return { ...state, status: 'closed' };
    case 'TopUpSettled':
    case 'TopUpQuestioned':
    case 'TopUpPaidBack':
      return evolveMoney(state, event);
  }
}

type MoneyEvent = Extract<TopUpEvent, { type: 'TopUpSettled' | 'TopUpQuestioned' | 'TopUpPaidBack' }>;

function evolveMoney(state: TopUp, event: MoneyEvent): TopUp {
  switch (event.type) {
    case 'TopUpSettled': {
      const questions = resolved(state, event.payment, 'credit');
      return { ...state, status: 'succeeded', payment: event.payment, questions, failureCode: null };
    }
    case 'TopUpQuestioned': {
      const status = state.payment ? 'succeeded' : 'review';
      return { ...state, status, questions: [...state.questions, event.question] };
    }
    case 'TopUpPaidBack': {
      const questions = resolved(state, event.payment, 'pay-back');
      const isOpen = questions.some((question) => question.resolution === null);
      const statusWithoutCredit = isOpen ? 'review' : 'paid_back';
      return { ...state, status: state.payment ? 'succeeded' : statusWithoutCredit, questions };
    }
  }
}

function begun({
  topUpId,
  customerId,
  channel,
  amount,
}: Extract<TopUpEvent, { type: 'TopUpStarted' }>): TopUp {
  return {
    topUpId,
    customerId,
    channel,
    amount,
    status: 'created',
    action: null,
    failureCode: null,
    payment: null,
    questions: [],
  };
}

function resolved({ questions }: TopUp, { providerReference }: Payment, resolution: Resolution) {
  return questions.map((question) =>
    question.providerReference === providerReference ? { ...question, resolution } : question,
  );
}
