const exitConfig = 78;

/**
 * Runs one sandbox alone, for tests: settings as JSON in the first argument, its address as one line of JSON on standard
 * output. Whoever started it keeps its standard input open; when that ends, so does the sandbox.
 */
export async function runAlone(
  start: (settings: object) => Promise<{ readonly url: string; close(): Promise<void> }>,
): Promise<void> {
  try {
    const sandbox = await start(JSON.parse(process.argv[2] ?? '{}') as object);
    process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`);
    process.stdin.resume().once('end', () => void sandbox.close().then(() => process.exit(0)));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(exitConfig);
  }
}
