import type { LedgerApi } from '@app/contracts';
import { grpcStream, type GrpcStream } from '@app/transport';

/** A hold of this benchmark. */
export interface BenchHold {
  readonly customerId: string;
  readonly callId: string;
  readonly holdId: string;
}

/** The request for a hold. */
export const holdRequest = ({ customerId, callId, holdId }: BenchHold): LedgerApi.PlaceHoldRequest => ({
  holdId,
  customerId,
  callId,
  keyId: 'key_bench',
  amount: { amount: '0.02575', currency: 'CNY' },
  expiresAt: '',
  leaseId: '',
  limits: [],
});

/** Holds over one bidirectional stream, as the gateway places them: each answer finds its question by id. */
export class HoldStream {
  private readonly waiting = new Map<string, (answer: LedgerApi.HoldAnswer) => void>();
  /** Commands go out one after the other, no faster than the ledger takes them. */
  private sending = Promise.resolve();

  private constructor(private readonly stream: GrpcStream<LedgerApi.HoldCommand, LedgerApi.HoldAnswer>) {}

  static async open(client: object): Promise<HoldStream> {
    const holds = new HoldStream(await grpcStream(client, 'Holds'));
    void holds.listen();
    return holds;
  }

  /** Places a hold; one that is refused ends the benchmark. */
  async place(hold: BenchHold): Promise<void> {
    const answered = new Promise<LedgerApi.HoldAnswer>((resolve) => {
      this.waiting.set(hold.holdId, resolve);
    });
    const command = { commandId: hold.holdId, place: holdRequest(hold) };
    this.sending = this.sending.then(() => this.stream.write(command));
    const { placed, failure } = await answered;
    if (placed?.hold === undefined) throw new Error(`No hold: ${JSON.stringify(failure ?? placed)}`);
  }

  close(): void {
    this.stream.end();
  }

  private async listen(): Promise<void> {
    for await (const answer of this.stream.answers) {
      this.waiting.get(answer.commandId)?.(answer);
      this.waiting.delete(answer.commandId);
    }
  }
}
