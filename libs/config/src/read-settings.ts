import type { z } from 'zod';

/** The settings of a program do not fit its schema; every bad name is listed with its reason. */
export class InvalidSettings extends Error {
  override readonly name = 'InvalidSettings';

  constructor(readonly problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Exit status of a program whose configuration is wrong, as in BSD's sysexits (EX_CONFIG). */
const exitConfig = 78;

/**
 * Reads the settings of this process from its environment, once, at start.
 * Where anything is missing or wrong, prints every bad name with its reason and exits 78: a service never runs half configured.
 */
export function readSettings<Schema extends z.ZodObject>(schema: Schema): z.infer<Schema> {
  try {
    return parseSettings(schema, process.env);
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(exitConfig);
  }
}

/**
 * Reads settings from any environment. An empty value counts as absent, since shells and charts cannot unset a name.
 * Throws InvalidSettings with one line per bad name; values are never repeated in it, for some are secrets.
 */
export function parseSettings<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InvalidSettings(
    parsed.error.issues.map((issue) => {
      const name = String(issue.path[0] ?? '(settings)');
      return `${name}: ${given[name] === undefined ? 'is missing' : issue.message}`;
    }),
  );
}
