import { Injectable } from '@nestjs/common';
import { keyIncorrect, keyMissing } from '../openai/openai-error.ts';
import { hashOfKey, isWellFormedKey } from './api-key.ts';
import type { Caller } from './caller.ts';
import { KeyPepper } from './issue-key.handler.ts';
import { KeysStore } from './keys.store.ts';

interface Known {
  readonly caller: Promise<Caller | undefined>;
  readonly askAgainAt: number;
}

/** A revoked key is refused within this time, on every replica, whatever else fails. */
const knownMs = 1_000;
const knownKeysMax = 10_000;

/** Tells who a request is from. */
@Injectable()
export class AuthenticateKeyHandler {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly keys: KeysStore,
    private readonly pepper: KeyPepper,
  ) {}

  /** Whose key the header carries. Throws OpenAI's 401: alike for unknown, revoked and malformed keys. */
  async handle(authorization: string | undefined): Promise<Caller> {
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) throw keyMissing();
    const caller = isWellFormedKey(key) ? await this.callerOf(hashOfKey(key, this.pepper.text)) : undefined;
    if (caller === undefined) throw keyIncorrect(key);
    return caller;
  }

  /** Asks the database again, should this process have just changed a key. */
  forgetAll(): void {
    this.known.clear();
  }

  private callerOf(hash: Buffer): Promise<Caller | undefined> {
    const name = hash.toString('base64');
    const now = performance.now();
    const before = this.known.get(name);
    if (before !== undefined && before.askAgainAt > now) return before.caller;
    const caller = this.keys.callerOf(hash);
    this.remember(name, { caller, askAgainAt: now + knownMs });
    return caller;
  }

  private remember(name: string, known: Known): void {
    this.known.delete(name);
    this.known.set(name, known);
    const [oldest] = this.known.keys();
    if (this.known.size > knownKeysMax && oldest !== undefined) this.known.delete(oldest);
    known.caller.catch(() => {
      if (this.known.get(name) === known) this.known.delete(name);
    });
  }
}
