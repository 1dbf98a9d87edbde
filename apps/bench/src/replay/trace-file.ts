import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const samplePath = join('docs', 'samples', 'azure-llm-2023-conv.sample.csv');

/** The bytes of a trace, and which file they are. */
export interface TraceFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** True where the sample that ships with the project stands in for what was asked for. */
  readonly isSample: boolean;
}

/** Reads the file that was asked for, else the sample. */
export function readTraceFile(path: string | undefined): TraceFile {
  if (path !== undefined && existsSync(path)) return { path, bytes: readFileSync(path), isSample: false };
  return {
    path: samplePath,
    bytes: readFileSync(join(rootAbove(import.meta.dirname), samplePath)),
    isSample: true,
  };
}

/** The project's folder: found upwards, so that compiled code finds the same file as the sources. */
function rootAbove(folder: string): string {
  if (existsSync(join(folder, samplePath))) return folder;
  if (folder === dirname(folder)) throw new Error(`${samplePath} is missing beside the program.`);
  return rootAbove(dirname(folder));
}
