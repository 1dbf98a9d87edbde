import type { LedgerApi } from '@app/contracts';
import { log } from '@app/observability';
import { newId } from '@app/persistence';
import { Problem } from '@app/transport';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '../openai/openai-error.ts';
import { Peers } from '../peers.client.ts';
import { HoldStream } from './hold-stream.client.ts';
import {
  type ExtensionRequest,
  type HoldAnswer,
  type HoldRefusal,
  type HoldRequest,
  Holds,
} from './holds.ts';

/** How often the ledger is told that this gateway lives. */
export class LeaseTimes {
  constructor(readonly renewalMs: number) {}
}

const answerTimeoutMs = 3_000;
const releaseAttemptsMax = 20;
const unknownAttemptsMax = 6;
const releaseRetryMsMax = 10_000;

/** Holds at the ledger. They belong to this gateway's lease: when it is not renewed, they expire. */
@Injectable()
export class LedgerHolds extends Holds implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly leaseId = newId('lease');
  private readonly releases = new Set<Promise<void>>();
  private readonly stream: HoldStream;
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(
    peers: Peers,
    private readonly times: LeaseTimes,
  ) {
    super();
    this.stream = new HoldStream(peers.ledger, answerTimeoutMs);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.renewLease(), this.times.renewalMs);
    this.timer.unref();
    void this.renewLease();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.isClosing = true;
    await Promise.allSettled(this.releases);
    await this.stream.close();
  }

  async place(request: HoldRequest): Promise<HoldAnswer> {
    const { amount, currency, limits, ...rest } = request;
    try {
      const place = { ...rest, amount: { amount, currency }, leaseId: this.leaseId, limits: [...limits] };
      const { placed } = await this.stream.ask({ place });
      return placed?.hold ? { isPlaced: true } : refusalOf(placed?.refusal);
    } catch (error) {
      return this.unanswered(request, error);
    }
  }

  async extend({ by: amount, currency, limits, ...rest }: ExtensionRequest): Promise<HoldAnswer> {
    const extend = { ...rest, by: { amount, currency }, limits: [...limits] };
    const { extended } = await this.stream.ask({ extend });
    return extended?.hold ? { isPlaced: true } : refusalOf(extended?.refusal);
  }

  release({ holdId, customerId }: Pick<HoldRequest, 'holdId' | 'customerId'>, reason: string): void {
    const released = this.releaseUntilDone({ holdId, customerId, reason });
    this.releases.add(released);
    void released.finally(() => this.releases.delete(released));
  }

  /** A refusal may come as an error too. Anything else leaves open whether the hold exists, so it is given back. */
  private unanswered(request: HoldRequest, error: unknown): HoldAnswer {
    if (error instanceof Problem && (error.status === 402 || error.status === 404)) {
      const told = error.details.data?.['available'];
      const available = typeof told === 'string' ? told : '0';
      return { isPlaced: false, code: error.code, available, affordable: available };
    }
    log().warn({ err: error }, 'The ledger did not answer whether it placed a hold');
    this.release(request, 'hold-unanswered');
    throw unavailable(
      'Your balance cannot be checked at the moment. Try again in a moment; nothing was charged.',
    );
  }

  private async releaseUntilDone(request: {
    readonly holdId: string;
    readonly customerId: string;
    readonly reason: string;
  }): Promise<void> {
    for (let attempt = 1; attempt <= releaseAttemptsMax; attempt += 1) {
      try {
        await this.stream.ask({ release: request });
        return;
      } catch (error) {
        // A hold that the ledger does not know may still be on its way there, so it is asked for some seconds more.
        if (attempt >= unknownAttemptsMax && error instanceof Problem && error.status === 404) return;
        if (attempt === releaseAttemptsMax || this.isClosing) {
          log().error({ err: error, holdId: request.holdId }, 'A hold could not be released; it will expire');
          return;
        }
        await sleep(Math.min(100 * 2 ** attempt, releaseRetryMsMax), undefined, { ref: false });
      }
    }
  }

  private async renewLease(): Promise<void> {
    try {
      await this.stream.ask({ renewLease: { leaseId: this.leaseId } });
    } catch (error) {
      log().warn({ err: error }, 'The lease of this gateway was not renewed');
    }
  }
}

function refusalOf(refusal: LedgerApi.Refusal | undefined): HoldRefusal {
  const { code = 'unanswered', available = '0', affordable = '', budget } = refusal ?? {};
  return { isPlaced: false, code, available, affordable: affordable === '' ? available : affordable, budget };
}
