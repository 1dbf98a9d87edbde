import type { Provider } from './sandboxes.client.ts';

const calls = ['create', 'query', 'close', 'refund', 'refundQuery'];
/** Longer than payments waits for an answer. */
const tooLateMs = 2_500;

const onCalls = (fault: string, value?: number) =>
  calls.map((on) => ({ fault, on, ...(value === undefined ? {} : { value }) }));
const onNews = (fault: string, value?: number) => ({
  ...{ fault, on: 'notification' },
  ...(value === undefined ? {} : { value }),
});

const everywhere = [
  ...[...onCalls('dropBefore'), ...onCalls('dropAfter'), ...onCalls('http500'), ...onCalls('badSignature')],
  ...[onNews('badSignature'), onNews('loseNotification'), onNews('duplicateNotify', 10)],
  ...[onNews('wrongAmount', 7), onNews('wrongAmount', -7)],
  ...[
    { fault: 'notEnough', on: 'refund' },
    { fault: 'notifyBeforeResponse', on: 'create' },
  ],
  ...[
    { fault: 'delayMs', on: 'create', value: tooLateMs },
    { fault: 'delayMs', on: 'refund', value: tooLateMs },
  ],
];

/**
 * What may go wrong at each provider. Left out: payments to another merchant (`foreignApp`, `foreignSeller`) and in another
 * currency, because the sandbox books them as ours, and mistakes in bills, which reconciliation is about.
 */
export const faults: Readonly<Record<Provider, readonly object[]>> = {
  'wechat-pay': [
    ...everywhere,
    ...[...onCalls('staleTimestamp'), ...onCalls('unknownSerial')],
    ...[onNews('staleTimestamp'), onNews('unknownSerial'), onNews('tamperedTag'), onNews('signTest')],
  ],
  alipay: [
    ...everywhere,
    ...onCalls('unsigned'),
    ...[onNews('weakSignType'), { fault: 'fundChangeN', on: 'refund' }],
  ],
};
