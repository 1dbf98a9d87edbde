import { metrics } from '@app/observability';

/** Told by every rebuild, the one that is asked for and the shadow one that runs all the time. */
export const rebuildAgrees = metrics.gauge({
  name: 'ledger_rebuild_agrees',
  help: '1 where the last rebuild from the journal came to the live figures, 0 where it did not.',
});
