export { Health, health, type HealthCheck, type HealthReport } from './health.ts';
export { log, logOptions, startLog } from './log.ts';
export { logContext, withLogContext, type LogContext } from './log-context.ts';
export { LoggingModule, NestLog } from './logging.module.ts';
export { type MetricName, Metrics, metrics } from './metrics.ts';
export { ObservabilityModule } from './observability.module.ts';
export { ProbesController, publicRoute } from './probes.controller.ts';
export { RepeatedJob, type Repetition } from './repeated-job.ts';
