import { Instant, readCanonicalText } from '@app/bookkeeping';
import { Units18 } from '@app/money';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { proofDifference, type InclusionProof } from '../seals/proof.ts';
import { sealKeysOf, type Seal, type SealedHead, type SealKeys } from '../seals/seal.ts';
import { ExportExamination } from './examine-export.ts';
import { exportFindings, type PublishedSeals } from './examine-seals.ts';

const usage = `verify <export.jsonl> <folder of seals> <public-key.pem>   examines an export: of the whole journal, or of one book
verify <proof.json> <public-key.pem>                       examines that one entry is under the seal of its day

Needs these files and nothing else. Ends with 0 where all is well, 1 where something is wrong, 2 where it cannot be examined.
`;
const findingsShownMax = 20;

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`It cannot be examined: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function run(given: readonly string[]): Promise<number> {
  const [first, second, third] = given;
  if (first === undefined || second === undefined || given.length > 3) {
    process.stderr.write(usage);
    return 2;
  }
  return third === undefined
    ? verifyProof(first, keysOf(second))
    : verifyExport(first, publishedIn(second), keysOf(third));
}

async function verifyExport(file: string, published: PublishedSeals, keys: SealKeys): Promise<number> {
  const examined = new ExportExamination();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity }))
    examined.take(line);
  examined.finish();
  const findings = await exportFindings(examined, published, keys);
  if (findings.length > 0) return failed(findings);
  const { seals } = published;
  const days = [seals[0], seals.at(-1)].map((seal) => seal?.day ?? 'none').join(' to ');
  say(`Verified: ${examined.book ?? `${examined.books.size} books`}, ${examined.entries} entries.`);
  say(
    `Sealed days: ${seals.length}, ${days}. Entries that no seal covers yet: ${examined.entries - sealedIn(seals, examined)}.`,
  );
  return 0;
}

/** How many entries of the export are under the last seal. */
function sealedIn(seals: readonly Seal[], { book, leaves }: ExportExamination): number {
  const last = seals.at(-1);
  return (book === undefined ? last?.entries : leaves.get(last?.day ?? '')?.version) ?? 0;
}

function verifyProof(file: string, keys: SealKeys): number {
  const proof = JSON.parse(readFileSync(file, 'utf8')) as InclusionProof;
  const difference = proofDifference(proof, keys);
  if (difference !== undefined) return failed([difference]);
  const { bookId, version, kind, eventId, recordedAt, postings } = readCanonicalText(proof.entry.canonical);
  say(`Verified: ${bookId}/${version} is under the seal of ${proof.seal.day}, hash ${proof.seal.hash}.`);
  say(`${kind} ${eventId}, recorded at ${Instant.toText(recordedAt)}`);
  for (const { debit, credit, amount } of postings) say(`  ${debit} -> ${credit} ${Units18.toText(amount)}`);
  return 0;
}

function failed(findings: readonly string[]): number {
  for (const finding of findings.slice(0, findingsShownMax)) say(finding);
  say(`Not verified: ${findings.length} found.`);
  return 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function keysOf(file: string): SealKeys {
  return sealKeysOf(readFileSync(file, 'utf8'));
}

function publishedIn(folder: string): PublishedSeals {
  const names = readdirSync(folder).filter((name) => /^\d{4}-\d{2}-\d{2}\.json$/.test(name));
  return {
    seals: names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Seal),
    heads: async (day) => {
      const file = join(folder, `${day}.heads.jsonl`);
      if (!existsSync(file)) return undefined;
      const heads: SealedHead[] = [];
      for await (const line of createInterface({ input: createReadStream(file) }))
        heads.push(JSON.parse(line) as SealedHead);
      return heads;
    },
  };
}
