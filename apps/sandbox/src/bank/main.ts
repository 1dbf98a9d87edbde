import { runAlone } from '../providers/run-alone.ts';
import { startBankSandbox } from './bank-sandbox.ts';

await runAlone(startBankSandbox);
