import { z } from 'zod';
import { type Break } from './break.store.ts';
import { breakClasses } from './break.ts';
import type { KeptReconciliation } from './reconciliation.store.ts';

const text = z.string();
const Side = z.object({ count: z.int(), sum: text });
const Both = z.object({ theirs: Side, ours: Side });

export const BreakView = z.object({
  ...{ breakId: text, channel: text, day: text, class: text, number: text, reference: text },
  ...{ theirs: text.nullable(), ours: text.nullable(), currency: text, occurredAt: text },
  ...{ proposed: text, openedAt: text, resolution: text.nullable(), resolvedAt: text.nullable() },
  proposalId: text
    .nullable()
    .describe('The decision of two people; none where the provider’s own word resolved it.'),
  meaning: text,
});
export const DayView = z.object({
  ...{ channel: text, day: text, currency: text, runAt: text, runBy: text },
  status: z
    .enum(['balanced', 'unconfirmed', 'open'])
    .describe(
      'Balanced: no break is open and the ledger says the same. Unconfirmed: the ledger was not asked yet.',
    ),
  figures: z.object({
    ...{ payments: Both, refunds: Both },
    fees: z.object({ taken: text, returned: text }),
    ...{ settled: text, opening: text, closing: text },
  }),
  clearing: text
    .nullable()
    .describe('The ledger’s clearing account at the end of the day; null until it was asked.'),
  openBreaks: z.int(),
});
export const ReportView = DayView.extend({ breaks: z.array(BreakView) });
export type ReconciliationReport = z.infer<typeof ReportView>;

/** A compared day as people see it. */
export function dayView(kept: KeptReconciliation): z.infer<typeof DayView> {
  return { ...kept, status: statusOf(kept) };
}

function statusOf({ openBreaks, clearing, figures }: KeptReconciliation): z.infer<typeof DayView>['status'] {
  if (openBreaks > 0) return 'open';
  if (clearing === null) return 'unconfirmed';
  return clearing === figures.closing ? 'balanced' : 'open';
}

/** A break as people see it. */
export const breakView = (found: Break): z.infer<typeof BreakView> => ({
  ...found,
  meaning: breakClasses[found.class].meaning,
});

/** The report of a day: its figures, and every break that it ever had. */
export const reportOf = (kept: KeptReconciliation, breaks: readonly Break[]): ReconciliationReport => ({
  ...dayView(kept),
  breaks: breaks.map(breakView),
});
