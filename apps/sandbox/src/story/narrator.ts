const escape = String.fromCharCode(27);
const labelWidth = 34;
const figure = /^[\d.]*$/;

/** Tells the story: with colours and a moving mark on a terminal, in plain lines elsewhere. */
export class Narrator {
  private readonly begun = performance.now();

  /** `isLively` is for terminals. */
  constructor(private readonly isLively: boolean) {}

  chapter(title: string): void {
    console.log(`\n${this.bold(title)}`);
  }

  /** Says that something was done and came out right. */
  done(what: string, result = ''): void {
    console.log(`  ${this.green('✓')} ${what}${result === '' ? '' : `  ${result}`}`);
  }

  /** A figure under the line before. */
  fact(label: string, value: string): void {
    console.log(`      ${this.dim(label.padEnd(labelWidth))} ${value}`);
  }

  /** Shows text as it is, such as a command and its answer. */
  quote(text: string): void {
    for (const line of text.split('\n')) console.log(`      ${this.dim('│')} ${line}`);
  }

  /** Rows in columns; figures and what stands above them are to the right. */
  table(rows: readonly (readonly string[])[]): void {
    const [first = [], ...rest] = rows;
    const columns = first.map((_, column) => {
      const width = Math.max(...rows.map((row) => row[column]?.length ?? 0));
      const isFigures = rest.every((row) => figure.test(row[column] ?? ''));
      return { width, isFigures };
    });
    for (const row of rows) {
      const cells = columns.map(({ width, isFigures }, column) =>
        isFigures ? (row[column] ?? '').padStart(width) : (row[column] ?? '').padEnd(width),
      );
      console.log(`      ${cells.join('  ').trimEnd()}`);
    }
  }

  /** Does something while a mark shows that time passes, and says how it came out. */
  async step<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    const stop = this.wait(what);
    try {
      const result = await work();
      stop();
      this.done(what);
      return result;
    } catch (error) {
      stop();
      console.log(`  ${this.red('✗')} ${what}`);
      throw error;
    }
  }

  failed(error: unknown): void {
    const text =
      error instanceof Error && error.name === 'StoryFailed'
        ? error.message
        : String((error as Error).stack ?? error);
    console.log(`\n${this.red('The story does not come out.')}\n  ${text}\n`);
  }

  succeeded(): void {
    const seconds = ((performance.now() - this.begun) / 1_000).toPrecision(2);
    console.log(
      `\n${this.green('Every figure came out as worked out by hand.')} ${this.dim(`(${seconds} s)`)}\n`,
    );
  }

  private wait(what: string): () => void {
    if (!this.isLively) return () => undefined;
    const marks = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇'];
    let turn = 0;
    const draw = () => process.stdout.write(`\r  ${this.dim(marks[turn++ % marks.length] ?? '')} ${what} `);
    draw();
    const timer = setInterval(draw, 100);
    return () => {
      clearInterval(timer);
      process.stdout.write(`\r${escape}[2K`);
    };
  }

  private bold = (text: string) => this.styled('1', text);
  private dim = (text: string) => this.styled('2', text);
  private green = (text: string) => this.styled('32', text);
  private red = (text: string) => this.styled('31', text);

  private styled(code: string, text: string): string {
    return this.isLively ? `${escape}[${code}m${text}${escape}[0m` : text;
  }
}
