import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric is called, what it means, and which labels it has. Never label by customer: there are too many. */
export interface MetricName<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** The metrics of one process, in Prometheus' words: base units, `_total` for counts, `_seconds` for durations. */
export class Metrics {
  readonly registry = new Registry();

  /** A count that only rises. Asking again for the same name gives the same counter. */
  counter<Label extends string = never>(metric: MetricName<Label>): Counter<Label> {
    return this.known(metric, () => new Counter(this.configured(metric)));
  }

  /** A figure that rises and falls. */
  gauge<Label extends string = never>(metric: MetricName<Label>): Gauge<Label> {
    return this.known(metric, () => new Gauge(this.configured(metric)));
  }

  /** Durations in seconds, or other sizes where `buckets` says so. */
  histogram<Label extends string = never>(
    metric: MetricName<Label>,
    buckets = durationBuckets,
  ): Histogram<Label> {
    return this.known(metric, () => new Histogram({ ...this.configured(metric), buckets: [...buckets] }));
  }

  /** Memory, CPU and event-loop figures of the process. */
  collectProcessMetrics(): void {
    if (this.registry.getSingleMetric('process_cpu_seconds_total')) return;
    collectDefaultMetrics({ register: this.registry });
  }

  /** All figures in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private configured<Label extends string>({ name, help, labels }: MetricName<Label>) {
    return { name, help, labelNames: [...(labels ?? [])], registers: [this.registry] };
  }

  private known<M extends object>(metric: { readonly name: string }, make: () => M): M {
    return (this.registry.getSingleMetric(metric.name) as M | undefined) ?? make();
  }
}

const durationBuckets: readonly number[] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

/** The metrics of this process. One registry for all, so that a lib can count without being wired. */
export const metrics = new Metrics();
