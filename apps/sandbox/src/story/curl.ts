import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs the very command that the price page gives its readers; gives undefined on a machine without curl. */
export async function curl(url: string, key: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('curl', [
      '-sS',
      '--fail-with-body',
      url,
      '-H',
      `Authorization: Bearer ${key}`,
    ]);
    return stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
