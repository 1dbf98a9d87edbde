import { startWechatSandbox } from './wechat-sandbox.ts';
import type { WechatSandboxInput } from './wechat-settings.ts';

// The sandbox alone, for tests: settings as JSON in the first argument, its address as one line of JSON on standard output.
const exitConfig = 78;

try {
  const sandbox = await startWechatSandbox(JSON.parse(process.argv[2] ?? '{}') as WechatSandboxInput);
  process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`);
  // Whoever started it keeps its standard input open; when that ends, so does the sandbox.
  process.stdin.resume().once('end', () => void sandbox.close().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(exitConfig);
}
