import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Options } from '@grpc/proto-loader';

/** Where the `.proto` files lie: found upwards from here, so that compiled code finds the same files as the sources. */
export function protoDirectory(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'libs', 'contracts', 'proto');
    if (existsSync(candidate)) return candidate;
  }
  throw new Error('The folder libs/contracts/proto is missing beside the program.');
}

/** How messages look in code: camel case, 64-bit integers as text, enums by name, absent fields with their defaults. */
export const protoLoading = (): Options => ({
  keepCase: false,
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  includeDirs: [protoDirectory()],
});
