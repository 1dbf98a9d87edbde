import type { LedgerApi } from '@app/contracts';
import { health } from '@app/observability';
import { Gathering, problemOf, Scopes } from '@app/transport';
import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { holdResponseOf } from './hold-answer.ts';
import { HoldsHandler } from './holds.handler.ts';
import { SettleHoldHandler } from './settle-hold.handler.ts';

type HoldStream = ServerDuplexStream<LedgerApi.HoldCommand, LedgerApi.HoldAnswer>;

/** Some 100 kB: far below what a message may have. */
const answersAtOnceMax = 500;

/** The gRPC door of holds. */
@Controller()
@Scopes('holds:write')
export class HoldsGrpc {
  constructor(
    private readonly holds: HoldsHandler,
    private readonly settlements: SettleHoldHandler,
  ) {}

  @GrpcMethod('Ledger', 'SettleHold')
  @Scopes('ledger:post')
  settle(request: LedgerApi.SettleHoldRequest): Promise<LedgerApi.SettleHoldResponse> {
    return this.settlements.handle(request);
  }

  @GrpcMethod('Ledger', 'PlaceHold')
  async place(request: LedgerApi.PlaceHoldRequest): Promise<LedgerApi.PlaceHoldResponse> {
    return holdResponseOf(await this.holds.place(request));
  }

  @GrpcMethod('Ledger', 'ExtendHold')
  async extend(request: LedgerApi.ExtendHoldRequest): Promise<LedgerApi.ExtendHoldResponse> {
    return holdResponseOf(await this.holds.extend(request));
  }

  @GrpcMethod('Ledger', 'ReleaseHold')
  release(request: LedgerApi.ReleaseHoldRequest): Promise<LedgerApi.ReleaseHoldResponse> {
    return this.holds.release(request);
  }

  @GrpcMethod('Ledger', 'RenewLease')
  renewLease(request: LedgerApi.RenewLeaseRequest): Promise<LedgerApi.RenewLeaseResponse> {
    return this.holds.renewLease(request);
  }

  /**
   * Answers each command as soon as it is committed; what is ready in the same turn goes in one message where the caller gathers,
   * too. When the process goes down, the stream ends after what it has taken.
   */
  @GrpcStreamCall('Ledger', 'Holds')
  stream(call: HoldStream): void {
    let underWay = 0;
    let ended = false;
    let gathers = false;
    const endWhenDone = () => {
      if (ended && underWay === 0 && !call.destroyed) call.end();
    };
    const ready = new Gathering<LedgerApi.HoldAnswer>((answers) => {
      underWay -= answers.length;
      if (!call.destroyed) for (const message of messagesOf(answers, gathers)) call.write(message);
      endWhenDone();
    }, answersAtOnceMax);
    call.on('data', (message: LedgerApi.HoldCommand) => {
      gathers ||= message.gathered !== undefined;
      for (const command of message.gathered?.commands ?? [message]) {
        underWay += 1;
        void this.answer(command).then((answer) => {
          ready.add(answer);
        });
      }
    });
    call.on('error', () => undefined);
    const finish = () => {
      ended = true;
      endWhenDone();
    };
    call.on('end', finish);
    health.onDrain(finish);
    call.sendMetadata(takesGathered());
  }

  private async answer(command: LedgerApi.HoldCommand): Promise<LedgerApi.HoldAnswer> {
    const { commandId } = command;
    try {
      return { commandId, ...(await this.answerTo(command)) };
    } catch (error) {
      const { code, message, status } = problemOf(error);
      return { commandId, failure: { code, detail: message, retryable: status >= 500 } };
    }
  }

  private async answerTo({ place, extend, release, renewLease }: LedgerApi.HoldCommand) {
    if (place) return { placed: await this.place(place) };
    if (extend) return { extended: await this.extend(extend) };
    if (release) return { released: await this.holds.release(release) };
    if (renewLease) return { leaseRenewed: await this.holds.renewLease(renewLease) };
    return { failure: { code: 'invalid-request', detail: 'The command is empty.', retryable: false } };
  }
}

/** Says that commands may come gathered; see the proto. */
function takesGathered(): Metadata {
  const metadata = new Metadata();
  metadata.set('gathered', '1');
  return metadata;
}

/** Answers as messages: in one where the caller gathers. */
const messagesOf = (
  answers: readonly LedgerApi.HoldAnswer[],
  gathers: boolean,
): readonly LedgerApi.HoldAnswer[] =>
  gathers && answers.length > 1 ? [{ commandId: '', gathered: { answers: [...answers] } }] : answers;
