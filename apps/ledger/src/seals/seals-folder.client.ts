import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seal, SealedHead } from './seal.ts';

const sealName = /^(\d{4}-\d{2}-\d{2})\.json$/;

/** A file of the folder is there already, and says something else. */
export class PublishedOtherwise extends Error {
  override readonly name = 'PublishedOtherwise';
}

/**
 * The folder outside the database in which seals are published: for each day `<day>.json`, the seal, and
 * `<day>.heads.jsonl`, the heads of the books that moved. A file comes into being whole and is never written again.
 */
export class SealsFolder {
  constructor(private readonly folder: string) {}

  /** The days whose seal is published. */
  async days(): Promise<ReadonlySet<string>> {
    await mkdir(this.folder, { recursive: true });
    const names = await readdir(this.folder);
    return new Set(names.flatMap((name) => sealName.exec(name)?.[1] ?? []));
  }

  /** Publishes the heads of a day, and then its seal. Throws PublishedOtherwise where there is another one. */
  async publish(seal: Seal, heads: AsyncIterable<SealedHead>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await this.create(`${seal.day}.heads.jsonl`, linesOf(heads));
    await this.create(`${seal.day}.json`, [sealFile(seal)]);
  }

  /** What is wrong with what was published for a seal. */
  async differenceFrom(seal: Seal): Promise<string | undefined> {
    const text = await readFile(join(this.folder, `${seal.day}.json`), 'utf8').catch(() => undefined);
    if (text === undefined) return 'it is not published';
    return text === sealFile(seal) ? undefined : 'another one was published';
  }

  private async create(name: string, texts: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const written = join(this.folder, `.${name}.${randomUUID()}`);
    const file = join(this.folder, name);
    try {
      const handle = await open(written, 'wx', 0o644);
      try {
        for await (const text of texts) await handle.write(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await link(written, file);
    } catch (error) {
      if (!isThere(error)) throw error;
      if ((await digestOf(written)) !== (await digestOf(file)))
        throw new PublishedOtherwise(`${name} was published before and says something else.`);
    } finally {
      await rm(written, { force: true });
    }
  }
}

const sealFile = (seal: Seal): string => `${JSON.stringify(seal, null, 2)}\n`;

async function* linesOf(heads: AsyncIterable<SealedHead>): AsyncGenerator<string> {
  let lines = '';
  for await (const head of heads) {
    lines += `${JSON.stringify(head)}\n`;
    if (lines.length < 65_536) continue;
    yield lines;
    lines = '';
  }
  yield lines;
}

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const part of createReadStream(file)) digest.update(part as Buffer);
  return digest.digest('hex');
}
