import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { onExportedSnapshot, type ExportedSnapshot } from './exported-snapshot.store.ts';
import { FoldTableHandler } from './fold-table.handler.ts';
import type { FoldThreadAnswer } from './fold-threads.client.ts';
import { JournalTextStore } from './journal-text.store.ts';
import { LiveStore } from './live.store.ts';

// A thread of a rebuild: folds the tables that it is told, one after the other, until it is ended.
if (parentPort === null) throw new TypeError('This is the program of a thread.');
const port = parentPort;
const tables = new FoldTableHandler(new JournalTextStore(), new LiveStore());
const tell = (answer: FoldThreadAnswer): void => {
  port.postMessage(answer);
};

try {
  await onExportedSnapshot(workerData as ExportedSnapshot, async (tx) => {
    tell('ready');
    for (;;) {
      const [table] = (await once(port, 'message')) as [string];
      tell({ folded: await tables.handle(tx, table) });
    }
  });
} catch (error) {
  tell({ failure: error instanceof Error ? error.message : String(error) });
}
