import type { LedgerApi } from '@app/contracts';
import { Gathering, grpcStream, type GrpcStream, Problem } from '@app/transport';

/** A command without its id. */
export type Command = Omit<LedgerApi.HoldCommand, 'commandId' | 'gathered'>;

/** Some 100 kB: far below what a message may have. */
const commandsAtOnceMax = 200;

interface Waiting {
  readonly resolve: (answer: LedgerApi.HoldAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Stream = GrpcStream<LedgerApi.HoldCommand, LedgerApi.HoldAnswer>;

/**
 * One connection for all hold commands of this gateway: each is answered by its id, as soon as it is committed.
 * The connection is opened by the first command and, when it breaks, by the next one. What is asked at the same time goes in one
 * message, as soon as the ledger has said that it takes such.
 */
export class HoldStream {
  private readonly waiting = new Map<string, Waiting>();
  private readonly asked = new Gathering<LedgerApi.HoldCommand>(
    (commands) => this.send(commands),
    commandsAtOnceMax,
  );
  private opened: Promise<Stream> | undefined;
  private lastId = 0;

  constructor(
    private readonly ledger: object,
    private readonly timeoutMs: number,
  ) {}

  /** Sends a command and gives its answer. Throws a Problem where the ledger fails it, or does not answer in time. */
  async ask(command: Command): Promise<LedgerApi.HoldAnswer> {
    this.lastId += 1;
    const commandId = String(this.lastId);
    const answered = this.answerTo(commandId);
    this.asked.add({ ...command, commandId });
    const answer = await answered;
    if (answer.failure) throw failed(answer.failure);
    return answer;
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    const stream = await this.opened?.catch(() => undefined);
    stream?.end();
  }

  private async send(commands: readonly LedgerApi.HoldCommand[]): Promise<void> {
    try {
      const stream = await (this.opened ??= this.open());
      const isTogether = commands.length > 1 && stream.said('gathered') === '1';
      if (isTogether) await stream.write({ commandId: '', gathered: { commands: [...commands] } });
      else for (const command of commands) await stream.write(command);
    } catch (error) {
      for (const { commandId } of commands) this.end(commandId)?.reject(problemOf(error));
    }
  }

  private answerTo(commandId: string): Promise<LedgerApi.HoldAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.end(commandId)?.reject(
          new Problem({ code: 'timed-out', detail: 'The ledger did not answer in time.' }),
        );
      }, this.timeoutMs);
      this.waiting.set(commandId, { resolve, reject, timer });
    });
  }

  private async open(): Promise<Stream> {
    try {
      const stream: Stream = await grpcStream(this.ledger, 'Holds');
      void this.read(stream);
      return stream;
    } catch (error) {
      this.opened = undefined;
      throw error;
    }
  }

  /** Hands answers out until the connection ends; whoever still waits then is told that nobody knows. */
  private async read(stream: Stream): Promise<void> {
    let reason: unknown;
    try {
      for await (const message of stream.answers) {
        for (const answer of message.gathered?.answers ?? [message])
          this.end(answer.commandId)?.resolve(answer);
      }
    } catch (error) {
      reason = error;
    }
    this.opened = undefined;
    for (const commandId of [...this.waiting.keys()]) this.end(commandId)?.reject(problemOf(reason));
  }

  private end(commandId: string): Waiting | undefined {
    const waiting = this.waiting.get(commandId);
    this.waiting.delete(commandId);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

const failed = ({ code, detail, retryable }: LedgerApi.Failure): Problem =>
  new Problem({ status: retryable ? 503 : (statusOf[code] ?? 500), code, detail });

/** Failures that say what is known for certain. */
const statusOf: Readonly<Record<string, number>> = { 'unknown-hold': 404, 'unknown-account': 404 };

const problemOf = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem({ code: 'unavailable', detail: 'The connection to the ledger ended.' }, { cause: error });
