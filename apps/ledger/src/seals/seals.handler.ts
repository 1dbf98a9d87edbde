import { Id } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import { ExportStore, type ProvableEntry } from './export.store.ts';
import type { InclusionProof } from './proof.ts';
import { dayOf, type Seal } from './seal.ts';
import { SealStore } from './seal.store.ts';

const pageDefault = 50;
const pageMax = 500;
/** A book with more entries on one day is proven by an export. */
const followingMax = 100_000;

const Day = z.iso.date('must be a day such as "2026-11-22"');
const Page = z.object({
  pageSize: z.coerce.number().int().min(0).max(pageMax).default(0),
  cursor: z.union([Day, z.literal('')]).default(''),
});
const EntryName = z.object({ bookId: Id, version: z.coerce.number().int().min(1) });

/** Seals, and the place to go on from; no place where nothing follows yet. */
export interface SealPage {
  readonly seals: readonly Seal[];
  readonly nextCursor: string;
}

/** Questions about seals, whichever door they come through. */
@Injectable()
export class SealsHandler {
  constructor(
    private readonly seals: SealStore,
    private readonly entries: ExportStore,
  ) {}

  /** The seals of all days, oldest first. */
  async list(given: z.input<typeof Page>): Promise<SealPage> {
    const { pageSize, cursor } = parsed(Page, given);
    const limit = pageSize || pageDefault;
    const seals = await this.seals.after(cursor, limit + 1);
    const shown = seals.slice(0, limit);
    return { seals: shown, nextCursor: seals.length > limit ? (shown.at(-1)?.day ?? '') : '' };
  }

  /** The seal of a day. */
  async get(given: { readonly day: string }): Promise<Seal> {
    const { day } = parsed(z.object({ day: Day }), given);
    const seal = await this.seals.get(day);
    if (seal === undefined) throw notSealed(day);
    return seal;
  }

  /** Proves that an entry is under the seal of the day on which it was recorded. */
  async prove(given: z.input<typeof EntryName>): Promise<InclusionProof> {
    const { bookId, version } = parsed(EntryName, given);
    const entry = await this.entries.entry(bookId, version);
    if (entry === undefined) throw noEntry(bookId, version);
    const day = dayOf(entry.recordedAt);
    const seal = await this.seals.get(day);
    if (seal === undefined) throw notSealed(day);
    const { head, ...place } = await this.leafOf(bookId, seal);
    if (head.version - version > followingMax) throw tooLong(bookId);
    const following = await this.entries.digests(bookId, version, head.version);
    return { proofVersion: 1, ...provable(entry), following, head, ...place, seal };
  }

  private async leafOf(book: string, seal: Seal) {
    const head = await this.seals.headOf(book, seal.day);
    if (head === undefined) throw noEntry(book, 1);
    const { index, path } = await this.seals.placeOf(seal, head);
    return { head, index, path: path.map((hash) => hash.toString('hex')) };
  }
}

const provable = ({ previousHash, recordedAt: _day, ...entry }: ProvableEntry) => ({ entry, previousHash });

const noEntry = (bookId: string, version: number): Problem =>
  new Problem({
    code: 'not-found',
    detail: `${bookId} has no entry ${version}.`,
    remedy: 'Give the book id and the version of an entry as they stand in the journal.',
  });

const notSealed = (day: string): Problem =>
  new Problem({
    code: 'not-found',
    detail: `${day} is not sealed.`,
    remedy: 'A day is sealed shortly after its midnight in Asia/Shanghai, 16:00 UTC. Ask again then.',
  });

const tooLong = (bookId: string): Problem =>
  new Problem({
    code: 'too-large',
    detail: `More than ${followingMax} entries of ${bookId} followed on that day.`,
    remedy: 'Export the journal: it proves every entry.',
  });
