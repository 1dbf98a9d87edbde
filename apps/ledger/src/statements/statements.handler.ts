import { Id, InstantText } from '@app/contracts';
import { Problem } from '@app/transport';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../parsed.ts';
import {
  type LinePlace,
  type StatementLine,
  type StatementPeriod,
  StatementStore,
  type StatementTotal,
  type WalletFigures,
} from './statement.store.ts';

const pageDefault = 50;
const pageMax = 500;
const OptionalInstant = z.union([InstantText, z.literal('')]).default('');

const StatementQuestion = z.object({
  customerId: Id,
  from: InstantText,
  asOf: OptionalInstant,
  asKnownAt: OptionalInstant,
  knownBefore: OptionalInstant,
  pageSize: z.coerce.number().int().min(0).max(pageMax).default(0),
  cursor: z.string().max(64).default(''),
});

/** What moved in a wallet in a period. */
export interface Statement extends StatementPeriod {
  readonly currency: string;
  readonly opening: WalletFigures;
  readonly closing: WalletFigures;
  readonly totals: StatementTotal[];
  readonly lines: StatementLine[];
  readonly nextCursor: string;
  /** Only where an earlier instant of knowledge was named. */
  readonly difference?: StatementDifference;
}

/** What was learned between two instants about the same period. */
export interface StatementDifference {
  readonly knownBefore: string;
  readonly openingBefore: WalletFigures;
  readonly closingBefore: WalletFigures;
  /** In book order, at most 500. */
  readonly recordedSince: StatementLine[];
  readonly entries: string;
}

/** Statements, whichever door the question comes through. */
@Injectable()
export class StatementsHandler {
  constructor(private readonly statements: StatementStore) {}

  /** The statement of [from, asOf), as it was known at `asKnownAt`, and what was learned since `knownBefore`. */
  async handle(given: z.input<typeof StatementQuestion>): Promise<Statement> {
    const question = parsed(StatementQuestion, given);
    const { customerId, from, cursor, knownBefore } = question;
    const currency = await this.statements.currencyOf(customerId);
    if (currency === undefined) {
      const detail = `${customerId} has no wallet.`;
      throw new Problem({ code: 'unknown-account', field: 'customerId', detail });
    }
    const now = new Date().toISOString();
    const period = { customerId, from, asOf: question.asOf || now, asKnownAt: question.asKnownAt || now };
    const limit = question.pageSize || pageDefault;
    const rows = await this.statements.lines(period, placeOf(cursor), limit + 1);
    const lines = rows.slice(0, limit);
    const last = rows.length > limit ? lines.at(-1) : undefined;
    return {
      ...period,
      currency,
      ...(await this.statements.ends(period)),
      totals: await this.statements.totals(period),
      lines,
      nextCursor: last === undefined ? '' : `${last.occurredAt}/${last.version}`,
      ...(knownBefore === '' ? {} : { difference: await this.differenceOf(period, knownBefore) }),
    };
  }

  private async differenceOf(period: StatementPeriod, knownBefore: string): Promise<StatementDifference> {
    const before = await this.statements.ends({ ...period, asKnownAt: knownBefore });
    const { lines, entries } = await this.statements.recordedSince(period, knownBefore, pageMax);
    return {
      knownBefore,
      openingBefore: before.opening,
      closingBefore: before.closing,
      recordedSince: lines,
      entries,
    };
  }
}

function placeOf(cursor: string): LinePlace | undefined {
  if (cursor === '') return undefined;
  const [, occurredAt = '', version] = /^(\S{1,30})\/(\d{1,15})$/.exec(cursor) ?? [];
  if (version !== undefined && InstantText.safeParse(occurredAt).success) return { occurredAt, version };
  throw new Problem({
    code: 'invalid-request',
    field: 'cursor',
    detail: 'cursor: is not one that this list gave.',
    remedy: 'Give nextCursor of the page before, or nothing for the first page.',
  });
}
