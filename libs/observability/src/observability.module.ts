import { Module } from '@nestjs/common';
import { metrics } from './metrics.ts';
import { ProbesController } from './probes.controller.ts';

/** `/livez`, `/readyz` and `/metrics`. */
@Module({ controllers: [ProbesController] })
export class ObservabilityModule {
  constructor() {
    metrics.collectProcessMetrics();
  }
}
