import type { Refusal } from '@app/bookkeeping';
import { Units18 } from '@app/money';

/** The figures of a refusal, with amounts as text. */
export function refusalFigures({ code: _code, ...figures }: Refusal): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? Units18.toText(value as Units18) : value,
    ]),
  );
}

/** A refusal for the person who looks at a parked message or a log line. */
export function refusalText(refusal: Refusal): string {
  return `${refusal.code} ${JSON.stringify(refusalFigures(refusal))}`;
}
