import { log } from '@app/observability';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ShadowRebuildHandler } from './shadow-rebuild.handler.ts';

const everyMs = 15_000;

/** Looks with the shadow rebuild now and then, one look at a time. */
@Injectable()
export class ShadowRebuildJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly shadow: ShadowRebuildHandler) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.look();
    }, everyMs);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async look(): Promise<void> {
    try {
      await this.shadow.look();
    } catch (error) {
      log().warn({ err: error }, 'The shadow rebuild could not look');
    } finally {
      this.running = undefined;
    }
  }
}
