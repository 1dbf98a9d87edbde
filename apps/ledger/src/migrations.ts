import type { Migration } from '@app/persistence';
import { Journal } from './migrations/0002-journal.ts';
import { OpenMatters } from './migrations/0003-open-matters.ts';
import { SealedDays } from './migrations/0004-sealed-days.ts';
import { ManualEntries } from './migrations/0005-manual-entries.ts';
import { DrainingRefunds } from './migrations/0006-draining-refunds.ts';
import { PeriodChangesAreSeen } from './migrations/0007-period-changes-are-seen.ts';
import { EntriesOutOfTime } from './migrations/0008-entries-out-of-time.ts';
import { SmallIndexes } from './migrations/0009-small-indexes.ts';
import { BoundedProofsAndReports } from './migrations/0010-bounded-proofs-and-reports.ts';
import { LotsSentBack } from './migrations/0011-lots-sent-back.ts';
import { ParkedDeeds } from './migrations/0012-parked-deeds.ts';

/** The ledger's migrations after messaging's, in their order. */
export const ledgerMigrations: readonly Migration[] = [
  Journal,
  OpenMatters,
  SealedDays,
  ManualEntries,
  DrainingRefunds,
  PeriodChangesAreSeen,
  EntriesOutOfTime,
  SmallIndexes,
  BoundedProofsAndReports,
  LotsSentBack,
  ParkedDeeds,
];
