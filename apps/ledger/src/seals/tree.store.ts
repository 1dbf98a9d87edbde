import { Database, type Tx } from '@app/persistence';
import { Injectable } from '@nestjs/common';
import type { Seal, SealedHead } from './seal.ts';
import { placeInTree, TreePages, type TreePage, type TreePlace } from './tree-pages.ts';

const hashBytes = 32;
const pagesAtOnce = 64;

/** What a tree over the heads of a day comes to. */
export type Figures = Pick<Seal, 'books' | 'entries' | 'root'>;

/** The trees under the seals, in pages: a proof reads one page of each level, however many books there are. */
@Injectable()
export class TreeStore {
  constructor(private readonly database: Database) {}

  /** Makes the tree over heads, in the order of their books, and keeps those of its pages that are new. */
  async keep(tx: Tx, heads: AsyncIterable<SealedHead>): Promise<Figures> {
    const pages = new TreePages();
    let [books, entries, waiting]: [number, number, TreePage[]] = [0, 0, []];
    for await (const head of heads) {
      pages.add(head);
      books += 1;
      entries += head.version;
      waiting.push(...pages.taken());
      if (waiting.length < pagesAtOnce) continue;
      await keepPages(tx, waiting);
      waiting = [];
    }
    const root = pages.finish().toString('hex');
    await keepPages(tx, [...waiting, ...pages.taken()]);
    return { books, entries, root };
  }

  /** Where a head lies under a root; undefined where the pages of the tree are not there, or the head is not in it. */
  placeOf(root: string, head: SealedHead): Promise<TreePlace | undefined> {
    return placeInTree(Buffer.from(root, 'hex'), head, (page) => this.page(page));
  }

  private async page(root: Buffer): Promise<TreePage | undefined> {
    const [row] = await this.database.query<PageRow>(
      'SELECT level, nodes, first_books FROM tree_page WHERE root = $1',
      [root],
    );
    return (
      row && {
        root,
        level: row.level,
        nodes: row.first_books.map((firstBook, at) => ({
          firstBook,
          hash: row.nodes.subarray(at * hashBytes, (at + 1) * hashBytes),
        })),
      }
    );
  }
}

interface PageRow {
  readonly level: number;
  readonly nodes: Buffer;
  readonly first_books: readonly string[];
}

async function keepPages(tx: Tx, pages: readonly TreePage[]): Promise<void> {
  if (pages.length === 0) return;
  const rows = pages.map(({ root, level, nodes }) => ({
    root: root.toString('hex'),
    level,
    nodes: Buffer.concat(nodes.map(({ hash }) => hash)).toString('hex'),
    first_books: nodes.map(({ firstBook }) => firstBook),
  }));
  await tx.query(
    `INSERT INTO tree_page (root, level, nodes, first_books)
     SELECT decode(root, 'hex'), level, decode(nodes, 'hex'), first_books
       FROM json_to_recordset($1) AS given (root text, level smallint, nodes text, first_books text[])
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  );
}
