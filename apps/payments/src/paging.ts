import { Problem } from '@app/transport';

const pageDefault = 50;
const pageMax = 500;

/** What a caller asks for of a list. */
export interface PageAsked {
  readonly pageSize: number;
  readonly cursor: string;
}

/** Where a page begins and how many rows it has; a Problem where the caller sent something else than we gave. */
export function pageOf({ pageSize, cursor }: PageAsked): {
  readonly beforeId: string | undefined;
  readonly limit: number;
} {
  if (!Number.isInteger(pageSize) || pageSize < 0 || pageSize > pageMax) {
    throw invalid('pageSize', `A page has 1 to ${pageMax} rows.`, `Leave it out for ${pageDefault}.`);
  }
  const limit = pageSize === 0 ? pageDefault : pageSize;
  if (cursor === '') return { beforeId: undefined, limit };
  const beforeId = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^[a-z]{3}_[0-9A-Z]{26}$/.test(beforeId)) {
    throw invalid(
      'cursor',
      'The cursor is not one that was given here.',
      'Send nextCursor of the page before, as it is.',
    );
  }
  return { beforeId, limit };
}

/** The cursor of the page that follows a full one; empty where there is none. */
export function cursorAfter(ids: readonly string[], limit: number): string {
  const last = ids.length < limit ? undefined : ids.at(-1);
  return last === undefined ? '' : Buffer.from(last, 'latin1').toString('base64url');
}

const invalid = (field: string, detail: string, remedy: string) =>
  new Problem({ code: 'invalid-request', field, detail, remedy });
