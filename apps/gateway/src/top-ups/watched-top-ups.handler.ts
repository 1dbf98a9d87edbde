import type { PaymentsApi } from '@app/contracts';
import { log } from '@app/observability';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Observable } from 'rxjs';
import { Peers } from '../peers.client.ts';

const lookMs = 500;
/** As many as payments tells at once. */
const askedMax = 500;
const ends: ReadonlySet<string> = new Set(['succeeded', 'failed', 'paid_back']);

type Listener = (topUp: PaymentsApi.TopUp) => void;

/**
 * Tells whoever waits how top-ups change. All that are watched here are asked about in one call, twice a second, as long
 * as somebody waits; a closed top-up may still be paid and goes on being watched.
 */
@Injectable()
export class WatchedTopUps implements OnApplicationShutdown {
  private readonly listeners = new Map<string, Set<Listener>>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;

  constructor(private readonly peers: Peers) {}

  /** The top-up as it is, then after every change, until it has ended. */
  watch(now: PaymentsApi.TopUp): Observable<PaymentsApi.TopUp> {
    return new Observable((subscriber) => {
      let told = '';
      const hear: Listener = (topUp) => {
        // A picture comes with the first view only.
        const text = JSON.stringify({ ...topUp, actionPicture: '' });
        if (text === told) return;
        told = text;
        subscriber.next(topUp);
        if (ends.has(topUp.status)) subscriber.complete();
      };
      this.add(now.topUpId, hear);
      hear(now);
      return () => {
        this.remove(now.topUpId, hear);
      };
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }

  private add(topUpId: string, listener: Listener): void {
    const known = this.listeners.get(topUpId) ?? new Set();
    this.listeners.set(topUpId, known.add(listener));
    this.timer ??= setInterval(() => void this.look(), lookMs).unref();
  }

  private remove(topUpId: string, listener: Listener): void {
    const known = this.listeners.get(topUpId);
    known?.delete(listener);
    if (known?.size === 0) this.listeners.delete(topUpId);
    if (this.listeners.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const ids = [...this.listeners.keys()];
      for (let at = 0; at < ids.length; at += askedMax) {
        const { topUps } = await this.peers.payments.GetTopUps({ topUpIds: ids.slice(at, at + askedMax) });
        for (const topUp of topUps) this.tell(topUp);
      }
    } catch (error) {
      log().warn({ err: error }, 'Payments did not tell how the watched top-ups are');
    } finally {
      this.isLooking = false;
    }
  }

  private tell(topUp: PaymentsApi.TopUp): void {
    for (const listener of [...(this.listeners.get(topUp.topUpId) ?? [])]) listener(topUp);
  }
}
