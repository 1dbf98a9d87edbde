import { createRequire } from 'node:module';

/** The part of js-yaml that is used here; it has no types of its own. */
interface YamlLibrary {
  load(text: string, options: { readonly schema: unknown }): unknown;
  dump(data: unknown, options: { readonly noRefs: boolean; readonly lineWidth: number }): string;
  readonly FAILSAFE_SCHEMA: { extend(types: { readonly implicit: readonly unknown[] }): unknown };
  readonly types: { readonly null: unknown };
}

const yaml = createRequire(import.meta.url)('js-yaml') as YamlLibrary;

// Every scalar stays text: 2.5 must never become a float. Only null is a value of its own.
const schema = yaml.FAILSAFE_SCHEMA.extend({ implicit: [yaml.types.null] });

/** Reads YAML with every scalar as text. Throws js-yaml's error, which names line and column. */
export const readYaml = (text: string): unknown => yaml.load(text, { schema });

/** Writes YAML; text that looks like a number is quoted. */
export const writeYaml = (data: unknown): string => yaml.dump(data, { noRefs: true, lineWidth: 120 });
