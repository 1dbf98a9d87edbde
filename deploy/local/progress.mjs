// One line per step. On a terminal the line of a running step is replaced by its result; elsewhere only results show.
const terminal = process.stdout.isTTY === true;
const colour = terminal && !process.env['NO_COLOR'];
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text) => paint(1, text);
export const dim = (text) => paint(2, text);
export const red = (text) => paint(31, text);
export const green = (text) => paint(32, text);

export const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

const running = new Set();

/** Runs one step and shows it. What `work` returns may say more, such as a port: a text, or one in `detail`. */
export async function step(name, work) {
  const begun = Date.now();
  running.add(name);
  showRunning();
  try {
    const result = await work();
    const detail = typeof result === 'string' ? result : (result?.detail ?? '');
    finish(name, `  ${green('✓')} ${name.padEnd(26)} ${detail.padEnd(34)} ${dim(seconds(begun))}`);
    return result;
  } catch (error) {
    finish(name, `  ${red('✗')} ${name}`);
    throw error;
  }
}

/** A line of its own, above the running steps. */
export function say(line = '') {
  clear();
  console.log(line);
  showRunning();
}

function finish(name, line) {
  running.delete(name);
  say(line.trimEnd());
}

let shown = false;

function clear() {
  if (shown) process.stdout.write('\r\u001b[2K');
  shown = false;
}

function showRunning() {
  if (!terminal || running.size === 0) return;
  clear();
  process.stdout.write(dim(`  … ${[...running].join(', ')}`));
  shown = true;
}
