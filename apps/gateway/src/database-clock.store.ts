import { log } from '@app/observability';
import { Database } from '@app/persistence';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, instantOfMicros } from './clock.ts';

const comparedEveryMs = 10_000;

/** The database's clock, carried on by the process's own steady one between comparisons. */
@Injectable()
export class DatabaseClock extends Clock implements OnApplicationBootstrap, OnApplicationShutdown {
  private offsetMicros: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {
    super();
  }

  now(): string {
    if (this.offsetMicros === undefined) throw new TypeError('the database clock was not read yet');
    return instantOfMicros(performance.now() * 1_000 + this.offsetMicros);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.compare();
    this.timer = setInterval(() => {
      this.compare().catch((error: unknown) => {
        log().warn({ err: error }, 'The database clock was not read');
      });
    }, comparedEveryMs);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** The answer was made about half-way between question and arrival. */
  private async compare(): Promise<void> {
    const asked = performance.now();
    const [row] = await this.database.query<{ micros: string }>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros`,
    );
    const arrived = performance.now();
    this.offsetMicros = Number(row?.micros) - ((asked + arrived) / 2) * 1_000;
  }
}
