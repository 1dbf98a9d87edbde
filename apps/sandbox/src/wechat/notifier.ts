import { randomUUID } from 'node:crypto';
import { postNotification } from '../providers/http.ts';
import type { Faults } from '../providers/faults.ts';
import type { SandboxKeys } from './sandbox-keys.ts';
import { seal, signedHeaders, type SigningOptions } from './signatures.ts';
import { beijingTime, type VirtualClock } from '../providers/virtual-clock.ts';

/** Seconds between the tries of one notification: 24 hours and 4 minutes in all. */
export const retrySeconds = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
] as const;

const tickMs = 50;

/** One notification and what became of its tries. */
export interface NotificationRecord {
  readonly id: string;
  readonly eventType: string;
  readonly url: string;
  readonly body: string;
  /** The HTTP statuses of the tries; 0 where no answer came in five seconds. */
  readonly answers: number[];
  acknowledged: boolean;
  dueAt: number | undefined;
}

export interface Announcement {
  readonly eventType: string;
  readonly resourceType: 'transaction' | 'refund';
  readonly url: string;
  readonly resource: object;
}

/** Sends notifications until they are acknowledged, on the provider's schedule and the virtual clock. */
export class Notifier {
  private readonly keys: SandboxKeys;
  private readonly clock: VirtualClock;
  private readonly faults: Faults;
  private readonly records: NotificationRecord[] = [];
  private readonly due = new Set<NotificationRecord>();
  private timer: NodeJS.Timeout | undefined;
  private sent = 0;

  constructor(parts: { keys: SandboxKeys; clock: VirtualClock; faults: Faults }) {
    this.keys = parts.keys;
    this.clock = parts.clock;
    this.faults = parts.faults;
  }

  list(): readonly NotificationRecord[] {
    return this.records;
  }

  /** Sends at once and resolves when the first try is over; further tries follow by themselves. */
  async announce(announcement: Announcement): Promise<NotificationRecord> {
    const record = this.prepare(announcement);
    this.records.push(record);
    if (this.faults.take('loseNotification', 'notification')) {
      record.dueAt = undefined;
      return record;
    }
    const copies = this.faults.take('duplicateNotify', 'notification')?.value ?? 1;
    await Promise.all(Array.from({ length: copies }, () => this.attempt(record)));
    return record;
  }

  /** Sends a notification once more, signed anew, whatever became of it before. */
  async again(id: string, copies: number): Promise<readonly number[]> {
    const record = this.records.find((candidate) => candidate.id === id);
    if (!record) return [];
    return Promise.all(Array.from({ length: copies }, () => this.post(record)));
  }

  /** Sends what has become due; called after the clock was advanced. */
  async run(): Promise<void> {
    const now = this.clock.now().getTime();
    const ready = [...this.due].filter(({ dueAt }) => dueAt !== undefined && dueAt <= now);
    for (const record of ready) this.due.delete(record);
    await Promise.all(ready.map((record) => this.attempt(record)));
  }

  close(): void {
    clearInterval(this.timer);
    this.due.clear();
  }

  private prepare({ eventType, resourceType, url, resource }: Announcement): NotificationRecord {
    const id = randomUUID();
    const sealed = seal(resource, resourceType, this.keys.apiV3Key);
    const body = JSON.stringify({
      id,
      create_time: beijingTime(this.clock.now()),
      resource_type: 'encrypt-resource',
      event_type: eventType,
      summary: eventType === 'TRANSACTION.SUCCESS' ? '支付成功' : '退款',
      resource: sealed,
    });
    return { id, eventType, url, body, answers: [], acknowledged: false, dueAt: undefined };
  }

  private async attempt(record: NotificationRecord): Promise<void> {
    const status = await this.post(record);
    if (status === 200 || status === 204) {
      record.acknowledged = true;
      record.dueAt = undefined;
      return;
    }
    const wait = retrySeconds[record.answers.length - 1];
    if (wait === undefined || record.acknowledged) return;
    record.dueAt = this.clock.now().getTime() + wait * 1000;
    this.due.add(record);
    this.timer ??= setInterval(() => void this.run(), tickMs).unref();
  }

  private async post(record: NotificationRecord): Promise<number> {
    const body = this.delivered(record.body);
    const headers = { 'content-type': 'application/json; charset=utf-8', ...this.headers(body) };
    const { status } = await postNotification(record.url, { headers, body });
    record.answers.push(status);
    return status;
  }

  /** What arrives of it. A forgery is of one delivery: the provider's own next try is sound. */
  private delivered(body: string): string {
    if (!this.faults.take('tamperedTag', 'notification')) return body;
    const told = JSON.parse(body) as { readonly resource: { readonly ciphertext: string } };
    const { resource } = told;
    return JSON.stringify({
      ...told,
      resource: { ...resource, ciphertext: flipLastByte(resource.ciphertext) },
    });
  }

  private headers(body: string): Record<string, string> {
    // While keys are being switched, callbacks come signed by either.
    const key = this.keys.platformKeys[this.sent++ % 2 === 0 ? 0 : 1];
    const stale = this.faults.take('staleTimestamp', 'notification');
    const options: SigningOptions = {
      key,
      ...(stale ? { skewSeconds: -(stale.value ?? 301) } : {}),
      ...(this.faults.take('unknownSerial', 'notification') ? { serial: 'PUB_KEY_ID_UNKNOWN' } : {}),
      ...(this.faults.take('badSignature', 'notification') ? { forge: 'garbled' as const } : {}),
      ...(this.faults.take('signTest', 'notification') ? { forge: 'probe' as const } : {}),
    };
    return signedHeaders(body, options);
  }
}

function flipLastByte(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  const last = bytes.length - 1;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
  return bytes.toString('base64');
}
