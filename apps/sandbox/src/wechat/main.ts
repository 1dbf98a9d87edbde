import { runAlone } from '../providers/run-alone.ts';
import { startWechatSandbox } from './wechat-sandbox.ts';
import type { WechatSandboxInput } from './wechat-settings.ts';

await runAlone((settings) => startWechatSandbox(settings as WechatSandboxInput));
