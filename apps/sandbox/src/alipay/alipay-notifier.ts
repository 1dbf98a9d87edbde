import { randomUUID, type KeyObject } from 'node:crypto';
import type { Faults } from '../providers/faults.ts';
import { postNotification } from '../providers/http.ts';
import type { VirtualClock } from '../providers/virtual-clock.ts';
import { type Params, signForm } from './alipay-signatures.ts';
import { beijingOf } from './gateway-content.ts';

/** Seconds between the tries of one notification: eight tries in 25 hours. */
export const retrySeconds = [240, 600, 600, 3_600, 7_200, 21_600, 54_000] as const;

const tickMs = 50;

/** One notification and what became of its tries. */
export interface NotificationRecord {
  readonly id: string;
  readonly eventType: string;
  readonly url: string;
  readonly form: Params;
  /** The HTTP statuses of the tries; 0 where no answer came in five seconds. */
  readonly answers: number[];
  acknowledged: boolean;
  dueAt: number | undefined;
}

/** Sends notifications until they are answered with `success`, on the provider's schedule and the virtual clock. */
export class AlipayNotifier {
  private readonly key: KeyObject;
  private readonly clock: VirtualClock;
  private readonly faults: Faults;
  private readonly records: NotificationRecord[] = [];
  private readonly due = new Set<NotificationRecord>();
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: { key: KeyObject; clock: VirtualClock; faults: Faults }) {
    this.key = parts.key;
    this.clock = parts.clock;
    this.faults = parts.faults;
  }

  list(): readonly NotificationRecord[] {
    return this.records;
  }

  /** Sends at once and resolves when the first try is over; further tries follow by themselves. */
  async announce(url: string, fields: Params): Promise<void> {
    const id = randomUUID().replaceAll('-', '');
    const notifyTime = beijingOf(this.clock.now().toISOString());
    const common = { notify_id: id, notify_type: 'trade_status_sync', notify_time: notifyTime };
    const form = signForm({ ...common, charset: 'utf-8', version: '1.0', ...fields }, this.key);
    const eventType = fields['trade_status'] ?? '';
    const record = { id, eventType, url, form, answers: [], acknowledged: false, dueAt: undefined };
    this.records.push(record);
    if (this.faults.take('loseNotification', 'notification')) return;
    const copies = this.faults.take('duplicateNotify', 'notification')?.value ?? 1;
    await Promise.all(Array.from({ length: copies }, () => this.attempt(record)));
  }

  /** Sends a notification once more, whatever became of it before. */
  async again(id: string, copies: number): Promise<readonly number[]> {
    const record = this.records.find((candidate) => candidate.id === id);
    if (!record) return [];
    const answers = await Promise.all(Array.from({ length: copies }, () => this.post(record)));
    return answers.map(({ status }) => status);
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

  /** What arrives of it. A forgery is of one delivery: the provider's own next try is sound. */
  private delivered(form: Params): Params {
    if (this.faults.take('weakSignType', 'notification')) return { ...form, sign_type: 'RSA' };
    if (this.faults.take('unsigned', 'notification')) return { ...form, sign: '' };
    if (this.faults.take('badSignature', 'notification'))
      return { ...form, total_amount: `1${form['total_amount'] ?? ''}` };
    return form;
  }

  private async attempt(record: NotificationRecord): Promise<void> {
    const { status, text } = await this.post(record);
    // Nothing but this very word counts.
    if (status === 200 && text === 'success') {
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

  private async post(record: NotificationRecord) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const body = new URLSearchParams(this.delivered(record.form)).toString();
    const answer = await postNotification(record.url, { headers, body });
    record.answers.push(answer.status);
    return answer;
  }
}
