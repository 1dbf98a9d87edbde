const width = 24;
const escape = String.fromCharCode(27);
const drawMs = 100;

/** Shows how far something is: a bar that moves on a terminal, a line for each tenth elsewhere. */
export class Progress {
  private readonly begun = performance.now();
  private drawnAt = 0;
  private tenth = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
    private readonly isLively = process.stdout.isTTY,
  ) {}

  /** Says how many are done. */
  show(done: number): void {
    if (this.isLively) this.draw(done);
    else this.tell(done);
  }

  /** Ends the display with how long it took. */
  end(result = this.total.toLocaleString('en')): void {
    if (this.isLively) process.stdout.write(`\r${escape}[2K`);
    const seconds = ((performance.now() - this.begun) / 1_000).toPrecision(3);
    console.log(`  ✓ ${this.what}: ${result} (${seconds} s)`);
  }

  private draw(done: number): void {
    const now = performance.now();
    if (now - this.drawnAt < drawMs) return;
    this.drawnAt = now;
    const filled = Math.round((done / this.total) * width);
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
    const rate = Math.round((done * 1_000) / Math.max(1, now - this.begun));
    const counts = `${done.toLocaleString('en')} of ${this.total.toLocaleString('en')}, ${rate.toLocaleString('en')}/s`;
    process.stdout.write(`\r  ${bar} ${this.what}: ${counts} `);
  }

  private tell(done: number): void {
    const tenth = Math.floor((done / this.total) * 10);
    if (tenth <= this.tenth) return;
    this.tenth = tenth;
    if (tenth < 10) console.log(`    ${this.what}: ${(tenth * 10).toString()} %`);
  }
}
