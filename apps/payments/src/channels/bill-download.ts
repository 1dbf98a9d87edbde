import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Outcome } from './payment-channel.ts';

/** A bill of a million lines has some 300 MB; what is larger than this is none. */
const bytesMax = 4_000_000_000;
const downloadMsMax = 10 * 60_000;

/** Where a bill lies, and what its bytes are turned into on the way to our file. */
export interface Download {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Hosts that a bill may come from, with their ports: an address in an answer is not followed anywhere else. */
  readonly hosts: readonly string[];
  readonly file: string;
  /** Such as the unpacking; the digest is of what comes out of it. */
  readonly through?: Transform;
  readonly sha1?: string;
}

/** Streams a bill into a file; the outcome is `unknown` where it may be tried again, `failed` where it must not be believed. */
export async function downloadBill(download: Download): Promise<Outcome<'fetched'>> {
  const { url, headers, hosts, file, through, sha1 } = download;
  if (!URL.canParse(url) || !hosts.includes(new URL(url).host))
    return refused('FOREIGN_HOST', `The bill shall come from ${url.slice(0, 100)}.`);
  const hash = createHash('sha1');
  let bytes = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > bytesMax ? new Error('The bill has no end.') : null, chunk);
    },
  });
  try {
    const signal = AbortSignal.timeout(downloadMsMax);
    const response = await fetch(url, { headers: headers ?? {}, signal, redirect: 'error' });
    if (!response.ok || !response.body)
      return {
        kind: 'unknown',
        code: `HTTP_${String(response.status)}`,
        message: 'The bill was not given out.',
      };
    const source = Readable.fromWeb(response.body);
    await pipeline([source, ...(through ? [through] : []), counted, createWriteStream(file)]);
  } catch (error) {
    return { kind: 'unknown', code: 'DOWNLOAD_FAILED', message: String(error).slice(0, 512) };
  }
  const found = hash.digest('hex');
  if (sha1 === undefined || found === sha1.toLowerCase()) return { kind: 'ok', value: 'fetched' };
  return refused('DIGEST_DIFFERS', `The file's SHA-1 is ${found}, the provider says ${sha1.slice(0, 64)}.`);
}

/** Not believed now; the provider is asked again later, for what it told may have been spoiled on the way. */
export const refused = (code: string, message: string): Outcome<never> => ({
  kind: 'failed',
  code,
  message,
  retriable: true,
});
