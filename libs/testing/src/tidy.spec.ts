import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topics } from '@app/contracts';

const root = join(import.meta.dirname, '../../..');

const folders = ['apps', 'libs', 'deploy', 'docs'];
const unwatched = ['node_modules', 'dist', 'coverage'];
const roles = [
  ...[
    'controller',
    'grpc',
    'consumer',
    'handler',
    'store',
    'entity',
    'projection',
    'client',
    'job',
    'events',
  ],
  ...['module', 'contract', 'spec', 'property.spec', 'int.spec', 'e2e.spec', 'flow.spec'],
];
const fileName = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*(\\.(${roles.join('|').replaceAll('.', '\\.')}))?\\.ts$`);
const emptyWords = /(^|[-.])(utils?|helpers?|common|shared|misc|managers?|base|dto)([-.]|$)/;

const sources = ['apps', 'libs'].flatMap((folder) => filesBelow(folder));
const typescript = sources.filter((path) => path.endsWith('.ts') && !path.includes('/src/proto/'));

describe('the tree', () => {
  it('has only the named folders at its top', () => {
    const found = readdirSync(root, { withFileTypes: true })
      .filter(
        (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !unwatched.includes(entry.name),
      )
      .map(({ name }) => name);
    expect(found.filter((name) => !folders.includes(name))).toEqual([]);
  });

  it('names files in kebab-case with a role that is known', () => {
    expect(typescript.filter((path) => !fileName.test(basename(path)))).toEqual([]);
  });

  it('calls nothing by a word that says nothing', () => {
    const segments = (path: string) => path.split('/').slice(2);
    expect(sources.filter((path) => segments(path).some((name) => emptyWords.test(name)))).toEqual([]);
  });

  it('has one front door per library and no other index.ts', () => {
    const doors = typescript.filter((path) => basename(path) === 'index.ts');
    expect(doors.filter((path) => !/^libs\/[^/]+\/src\/index\.ts$/.test(path))).toEqual([]);
    expect(members('libs').filter((lib) => !doors.includes(`libs/${lib}/src/index.ts`))).toEqual([]);
  });

  it('describes every app and library on one page', () => {
    const all = [
      ...members('apps').map((name) => `apps/${name}`),
      ...members('libs').map((name) => `libs/${name}`),
    ];
    expect(all.filter((folder) => !existsSync(join(root, folder, 'README.md')))).toEqual([]);
    expect(all.filter((folder) => textOf(`${folder}/README.md`).split('\n').length > 80)).toEqual([]);
  });

  it('leaves nothing unfinished', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X'].join(''));
    expect(typescript.filter((path) => marks.test(textOf(path)))).toEqual([]);
  });
});

describe('docs', () => {
  it('describe every topic and every event on it', () => {
    const pages = filesBelow('docs/events')
      .map((path) => `${path}\n${textOf(path)}`)
      .join('\n');
    const names = Object.values(topics).flatMap(({ name, events }) => [
      name,
      ...events.map(({ type }) => type),
    ]);
    expect(names.filter((name) => !pages.includes(name))).toEqual([]);
  });

  it('number the decisions without a gap and list each in the index', () => {
    const decisions = filesBelow('docs/decisions').map((path) => basename(path));
    const numbered = decisions.filter((name) => /^\d{4}-/.test(name)).sort();
    expect(numbered.map((name) => Number(name.slice(0, 4)))).toEqual(numbered.map((_, index) => index));
    const index = textOf('docs/decisions/README.md');
    expect(numbered.filter((name) => !index.includes(name))).toEqual([]);
  });
});

describe('migrations', () => {
  const migrations = typescript.filter(
    (path) => /\/migrations\/[^/]+\.ts$/.test(path) && !path.endsWith('.spec.ts'),
  );

  it('are numbered without a gap', () => {
    for (const [folder, numbers] of groupedByFolder(migrations)) {
      const first = numbers[0] ?? 0;
      // A service's first migration is messaging's, which lives in libs/persistence.
      expect([folder, first]).toEqual([folder, first === 2 ? 2 : 1]);
      expect([folder, numbers]).toEqual([folder, numbers.map((_, index) => first + index)]);
    }
  });

  it('carry their number in their name, in the thirteen digits that TypeORM sorts by', () => {
    const carriesIt = (path: string) =>
      textOf(path).includes(`${basename(path).slice(0, 4).padStart(13, '0')}'`);
    expect(migrations.filter((path) => !carriesIt(path))).toEqual([]);
  });
});

function members(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return unwatched.includes(entry.name) ? [] : filesBelow(path);
    return [path];
  });
}

function textOf(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

function groupedByFolder(paths: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const path of [...paths].sort()) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    groups.set(folder, [...(groups.get(folder) ?? []), Number(basename(path).slice(0, 4))]);
  }
  return groups;
}
