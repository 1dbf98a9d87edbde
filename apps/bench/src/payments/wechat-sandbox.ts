import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../sandbox/src/wechat/main.js', import.meta.url));

/** The sandbox of WeChat Pay as a process of its own. */
export class WechatSandbox {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Its keys lie in the directory. */
  static async start(directory: string): Promise<WechatSandbox> {
    const settings = { WECHATPAY_SANDBOX_DIR: directory, WECHATPAY_SANDBOX_PORT: 0 };
    const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new WechatSandbox(child, (JSON.parse(line) as { url: string }).url);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    this.child.kill('SIGTERM');
    await ended;
  }
}
