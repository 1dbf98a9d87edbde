import type { WireEvent } from '@app/contracts';
import { log } from '@app/observability';
import { mkdirSync } from 'node:fs';
import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const Kept = z.object({ key: z.string(), headers: z.record(z.string(), z.string()), value: z.string() });
const fileName = /^[\w:-]{1,200}\.json$/;

/**
 * Ends of calls that wait for Kafka, in a folder, a file each: a process that dies meanwhile does not take them with it.
 * They hold ids, usage and charges, no words of anybody. Without a folder nothing is kept.
 */
export class CallSpool {
  constructor(private readonly folder: string | undefined) {
    if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Keeps an event; resolves when the disk has it. A disk that does not take it is told in the log: memory still has it. */
  async keep(id: string, record: WireEvent): Promise<void> {
    if (this.folder === undefined) return;
    try {
      const file = await open(this.pathOf(this.folder, id), 'w', 0o600);
      await file.writeFile(JSON.stringify(record));
      await file.sync();
      await file.close();
    } catch (error) {
      log().error({ err: error }, 'The end of a call could not be kept on disk');
    }
  }

  /** Forgets an event that was written. */
  async forget(id: string): Promise<void> {
    if (this.folder !== undefined) await unlink(this.pathOf(this.folder, id)).catch(() => undefined);
  }

  /** What an earlier process left, by id. What cannot be read is left where it is, and told. */
  async kept(): Promise<ReadonlyMap<string, WireEvent>> {
    const found = new Map<string, WireEvent>();
    if (this.folder === undefined) return found;
    for (const name of (await readdir(this.folder)).filter((one) => fileName.test(one))) {
      try {
        found.set(
          name.slice(0, -'.json'.length),
          Kept.parse(JSON.parse(await readFile(join(this.folder, name), 'utf8'))),
        );
      } catch (error) {
        log().error({ err: error, file: name }, 'A kept end of a call cannot be read');
      }
    }
    return found;
  }

  private pathOf(folder: string, id: string): string {
    return join(folder, `${id.replaceAll(/[^\w:-]/g, '_')}.json`);
  }
}
