import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keyIdOf, sealKeysOf, type SealKeys } from './seal.ts';

/** The key that signs seals, and every key that ever did. Another place for it, such as a vault, is a change of this file. */
export class SealKey {
  readonly keyId: string;
  readonly keys: SealKeys;

  constructor(
    readonly privateKey: KeyObject,
    earlier: SealKeys = new Map(),
  ) {
    if (privateKey.asymmetricKeyType !== 'ed25519')
      throw new TypeError('The key of seals must be an Ed25519 key.');
    const publicKey = createPublicKey(privateKey);
    this.keyId = keyIdOf(publicKey);
    this.keys = new Map([...earlier, [this.keyId, publicKey]]);
  }

  /** Reads the private key from a PEM file, and the public keys of earlier ones from another. */
  static fromFiles(keyFile: string, earlierFile?: string): SealKey {
    const earlier = earlierFile === undefined ? undefined : sealKeysOf(readFileSync(earlierFile, 'utf8'));
    return new SealKey(createPrivateKey(readFileSync(keyFile)), earlier);
  }
}
