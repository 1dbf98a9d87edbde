import { clientAddress } from '@app/transport';
import { Injectable } from '@nestjs/common';
import {
  addressRefused,
  keyIncorrect,
  keyMayNot,
  keyMissing,
  tooManyFailedKeys,
} from '../openai/openai-error.ts';
import { hashOfKey, isWellFormedKey } from './api-key.ts';
import type { Caller } from './caller.ts';
import { FailedKeys } from './failed-keys.ts';
import { KeyPepper } from './issue-key.handler.ts';
import { addressCheck, type KeyScope } from './key-policy.ts';
import { KeysStore } from './keys.store.ts';

/** A key as it was read last. */
interface KnownKey {
  readonly caller: Caller;
  readonly isAllowedFrom: (address: string | undefined) => boolean;
}

interface Known {
  readonly key: Promise<KnownKey | undefined>;
  readonly askAgainAt: number;
}

/** A revoked, expired or changed key is known as such within this time, on every replica, whatever else fails. */
const knownMs = 1_000;
const knownKeysMax = 10_000;

/** Tells who a request is from. */
@Injectable()
export class AuthenticateKeyHandler {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly keys: KeysStore,
    private readonly pepper: KeyPepper,
    private readonly failedKeys: FailedKeys,
  ) {}

  /**
   * Whose key the header carries. Throws OpenAI's 401, alike for unknown, revoked, expired and malformed keys; 401 for an
   * address that is not on the key's list, 403 for what the key may not do, and 429 for a key that was not good before where an
   * address tried too many.
   */
  async handle(authorization: string | undefined, scope: KeyScope = 'read'): Promise<Caller> {
    const text = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (text === undefined) throw keyMissing();
    const address = clientAddress();
    const key = await this.keyOf(text, address ?? '');
    if (key === undefined) throw keyIncorrect(text);
    if (!key.isAllowedFrom(address)) throw addressRefused();
    if (!key.caller.policy.scopes.includes(scope)) throw keyMayNot(scope);
    return key.caller;
  }

  /** Asks the database again, should this process have just changed a key. */
  forgetAll(): void {
    this.known.clear();
  }

  /** Where an address tried too many keys, one stale program there keeps out no other whose key was good when it was last read. */
  private async keyOf(text: string, address: string): Promise<KnownKey | undefined> {
    const now = performance.now();
    const hash = isWellFormedKey(text) ? hashOfKey(text, this.pepper.text) : undefined;
    const name = hash?.toString('base64') ?? '';
    if (this.failedKeys.isTooMany(address, now) && !(await this.wasGood(name))) throw tooManyFailedKeys();
    const key = hash === undefined ? undefined : await this.lookUp(name, hash, now);
    if (key === undefined) this.failedKeys.failed(address, now);
    return key;
  }

  private async wasGood(name: string): Promise<boolean> {
    return (await this.known.get(name)?.key.catch(() => undefined)) !== undefined;
  }

  private lookUp(name: string, hash: Buffer, now: number): Promise<KnownKey | undefined> {
    const before = this.known.get(name);
    if (before !== undefined && before.askAgainAt > now) return before.key;
    const key = this.keys
      .callerOf(hash)
      .then((caller) => caller && { caller, isAllowedFrom: addressCheck(caller.policy) });
    this.remember(name, { key, askAgainAt: now + knownMs });
    return key;
  }

  private remember(name: string, known: Known): void {
    this.known.delete(name);
    this.known.set(name, known);
    const [oldest] = this.known.keys();
    if (this.known.size > knownKeysMax && oldest !== undefined) this.known.delete(oldest);
    known.key.catch(() => {
      if (this.known.get(name) === known) this.known.delete(name);
    });
  }
}
