import type { CallStarted, EventOf } from '@app/contracts';
import { log } from '@app/observability';
import { Injectable } from '@nestjs/common';
import { unavailable } from '../openai/openai-error.ts';
import type { AdmittedCall } from './admitted-call.ts';
import { CallJournal } from './call-journal.ts';
import { Holds } from './holds.ts';

/** Tells that a call was admitted. */
@Injectable()
export class StartCallHandler {
  constructor(
    private readonly journal: CallJournal,
    private readonly holds: Holds,
  ) {}

  /** False where the log was in doubt: then nobody is asked before it has answered. */
  get isTrusted(): boolean {
    return this.journal.isTrusted;
  }

  /** Resolves when the start is on record. Where it cannot be, gives the hold back and throws 503: the call must not go on. */
  async handle(call: AdmittedCall): Promise<void> {
    try {
      await this.journal.started(startedEvent(call));
    } catch (error) {
      log().warn({ err: error }, 'A call was not started: its start could not be recorded');
      this.holds.release(call.facts, 'call-not-started');
      throw unavailable(
        'Calls cannot be recorded at the moment. Try again in a moment; nothing was charged.',
      );
    }
  }
}

function startedEvent({ facts, hold, deadline }: AdmittedCall): EventOf<typeof CallStarted> {
  return {
    id: `${facts.callId}:started`,
    type: 'CallStarted',
    source: 'haoli/gateway',
    time: facts.admittedAt,
    subject: facts.customerId,
    data: { ...facts, hold, deadline },
  };
}
