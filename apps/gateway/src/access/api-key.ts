import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What a key may show of itself after it was handed out: enough to tell keys apart, too little to use one. */
export interface KeyDisplay {
  readonly displayPrefix: string;
  readonly lastFour: string;
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base = BigInt(alphabet.length);
const secretLength = 42;
const checksumLength = 6;
const form = new RegExp(`^sk-[0-9A-Za-z]{${secretLength + checksumLength}}$`);
/** The largest multiple of 62 in a byte: bytes above it would make the first letters of the alphabet likelier. */
const unbiasedBelow = 248;

/** How many random bytes `newApiKey` wants: with so many, the chance of too few usable ones is below 2⁻¹⁰⁰. */
export const randomBytesForKey = 128;

/** Makes a key from random bytes: `sk-`, 42 base62 characters (250 bits), and 6 of a CRC32 over them. */
export function newApiKey(random: Uint8Array): string {
  const usable = [...random].filter((byte) => byte < unbiasedBelow).slice(0, secretLength);
  if (usable.length < secretLength) throw new RangeError('a key needs more random bytes');
  const secret = usable.map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return `sk-${secret}${checksumOf(secret)}`;
}

/** True for what could be a key. Typos and noise are told apart here, before any work in the database. */
export function isWellFormedKey(text: string): boolean {
  if (!form.test(text)) return false;
  const secret = text.slice(3, 3 + secretLength);
  return checksumOf(secret) === text.slice(3 + secretLength);
}

/** The only form in which a key is stored. A key has full entropy, so a fast hash is enough and a slow one a weakness. */
export function hashOfKey(key: string, pepper: string): Buffer {
  return createHmac('sha256', pepper).update(key).digest();
}

/** The part of a key that may be shown and logged. */
export function displayOfKey(key: string): KeyDisplay {
  return { displayPrefix: key.slice(0, 7), lastFour: key.slice(-4) };
}

function checksumOf(secret: string): string {
  let rest = BigInt(crc32(secret));
  let digits = '';
  for (let index = 0; index < checksumLength; index += 1) {
    digits = alphabet.charAt(Number(rest % base)) + digits;
    rest /= base;
  }
  return digits;
}
