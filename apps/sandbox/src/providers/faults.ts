import { z } from 'zod';

/** Where a fault strikes: one of the calls of the merchant, a notification, or a daily bill. */
export const Operation = z.enum([
  'create',
  'query',
  'close',
  'refund',
  'refundQuery',
  'notification',
  'tradeBill',
  'fundBill',
  'billFile',
]);
export type Operation = z.infer<typeof Operation>;

const FaultKind = z.enum([
  'dropBefore',
  'dropAfter',
  'delayMs',
  'http500',
  'badSignature',
  'staleTimestamp',
  'unknownSerial',
  'duplicateNotify',
  'notifyBeforeResponse',
  'wrongAmount',
  'wrongCurrency',
  'notEnough',
  'loseNotification',
  'tamperedTag',
  'signTest',
  'foreignApp',
  'foreignSeller',
  'weakSignType',
  'unsigned',
  'fundChangeN',
  'billOmit',
  'billDuplicate',
  'billAlter',
  'billFee',
  'billOther',
  'billFooter',
  'billDigest',
  'foreignHost',
]);
export type FaultKind = z.infer<typeof FaultKind>;

/**
 * A fault to inject: what, where (everywhere without a name), how often, and its number where it has one. One that a
 * provider does not know never strikes there.
 */
export const Fault = z.strictObject({
  fault: FaultKind,
  on: Operation.optional(),
  times: z.int().min(1).max(100_000).default(1),
  /** Milliseconds of `delayMs`, copies of `duplicateNotify`, fen added by `wrongAmount`, `billAlter` and `billFee`, seconds of `staleTimestamp`. */
  value: z.int().optional(),
});
export type Fault = z.infer<typeof Fault>;

/** The faults that wait to strike. Each strikes as often as it was asked to and is gone. */
export class Faults {
  private waiting: Fault[] = [];

  add(fault: Fault): void {
    this.waiting.push(fault);
  }

  clear(): void {
    this.waiting = [];
  }

  list(): readonly Fault[] {
    return this.waiting;
  }

  /** Uses up one stroke of a fault at this place, if one waits. */
  take(kind: FaultKind, on: Operation): Fault | undefined {
    const found = this.waiting.find((fault) => fault.fault === kind && (fault.on ?? on) === on);
    if (!found) return undefined;
    this.waiting = this.waiting.flatMap((fault) => {
      if (fault !== found) return [fault];
      return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : [];
    });
    return found;
  }
}
