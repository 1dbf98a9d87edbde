import { randomBytes } from 'node:crypto';
import { newId } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import { displayOfKey, hashOfKey, newApiKey, randomBytesForKey } from './api-key.ts';
import type { NewKey } from './key-view.ts';
import { type KeyRecord, KeysStore } from './keys.store.ts';

/** A new key, the only time that it is seen. */
export interface IssuedKey extends KeyRecord {
  readonly key: string;
}

/** The secret that hashes keys; a class so that Nest can hand it out. */
export class KeyPepper {
  constructor(readonly text: string) {}
}

/** Makes API keys. */
@Injectable()
export class IssueKeyHandler {
  constructor(
    private readonly keys: KeysStore,
    private readonly pepper: KeyPepper,
  ) {}

  /** Issues a key, or gives undefined where there is no such customer. */
  async handle(customerId: string, wanted: NewKey): Promise<IssuedKey | undefined> {
    const key = newApiKey(randomBytes(randomBytesForKey));
    const record = await this.keys.insert({
      keyId: newId('key'),
      customerId,
      ...wanted,
      hash: hashOfKey(key, this.pepper.text),
      ...displayOfKey(key),
    });
    return record && { ...record, key };
  }
}
