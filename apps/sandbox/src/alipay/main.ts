import { runAlone } from '../providers/run-alone.ts';
import { startAlipaySandbox } from './alipay-sandbox.ts';
import type { AlipaySandboxInput } from './alipay-settings.ts';

await runAlone((settings) => startAlipaySandbox(settings as AlipaySandboxInput));
