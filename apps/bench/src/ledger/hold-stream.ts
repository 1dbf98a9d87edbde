import type { LedgerApi } from '@app/contracts';
import { Gathering, grpcStream, type GrpcStream } from '@app/transport';

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

const commandsAtOnceMax = 200;

/**
 * Holds over one bidirectional stream, as the gateway places them: what is asked at the same time goes in one message, and each
 * answer finds its question by id.
 */
export class HoldStream {
  private readonly waiting = new Map<string, (answer: LedgerApi.HoldAnswer) => void>();
  private readonly asked = new Gathering<LedgerApi.HoldCommand>(
    (commands) => this.send(commands),
    commandsAtOnceMax,
  );

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
    this.asked.add({ commandId: hold.holdId, place: holdRequest(hold) });
    const { placed, failure } = await answered;
    if (placed?.hold === undefined) throw new Error(`No hold: ${JSON.stringify(failure ?? placed)}`);
  }

  close(): void {
    this.stream.end();
  }

  private async send(commands: readonly LedgerApi.HoldCommand[]): Promise<void> {
    const isTogether = commands.length > 1 && this.stream.said('gathered') === '1';
    if (isTogether) await this.stream.write({ commandId: '', gathered: { commands: [...commands] } });
    else for (const command of commands) await this.stream.write(command);
  }

  private async listen(): Promise<void> {
    for await (const message of this.stream.answers) {
      for (const answer of message.gathered?.answers ?? [message]) {
        this.waiting.get(answer.commandId)?.(answer);
        this.waiting.delete(answer.commandId);
      }
    }
  }
}
