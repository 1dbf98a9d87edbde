import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise } from 'yauzl';
import { UnreadableBill } from '../daily-bill.ts';

const bytesMax = 4_000_000_000;
const gbk = new TextDecoder('gb18030');

/** Unpacks the details of a bill from the archive that Alipay gives; the other file in it is a summary. */
export async function unpackBill(archive: string, file: string): Promise<void> {
  // The names are GBK without the mark that would say so, so they are decoded here.
  const zip = await opened(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = gbk.decode(entry.fileName as unknown as Buffer);
      if (!name.endsWith('.csv') || name.includes('汇总')) continue;
      if (entry.uncompressedSize > bytesMax) throw new UnreadableBill(`${name} is too large.`);
      await pipeline(await zip.openReadStreamPromise(entry), checked(entry), createWriteStream(file));
      return;
    }
  } catch (error) {
    if (error instanceof UnreadableBill) throw error;
    throw new UnreadableBill(`The archive cannot be unpacked: ${String(error).slice(0, 200)}`);
  } finally {
    zip.close();
  }
  throw new UnreadableBill('The archive has no details in it.');
}

async function opened(archive: string) {
  try {
    return await openPromise(archive, { autoClose: false, decodeStrings: false });
  } catch (error) {
    throw new UnreadableBill(`It is no archive: ${String(error).slice(0, 200)}`);
  }
}

/** The checksum is all that speaks for these bytes: Alipay tells no digest of a bill. */
function checked({ crc32: wanted }: Entry): Transform {
  let sum = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush: (done) => {
      done(sum === wanted ? null : new UnreadableBill('The archive does not fit its checksum.'));
    },
  });
}
