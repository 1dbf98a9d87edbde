import { metrics } from '@app/observability';
import { overloaded } from '../openai/openai-error.ts';

const underWay = metrics.gauge({
  name: 'gateway_calls_under_way',
  help: 'Calls that this process relays at the moment.',
});
const refused = metrics.counter({
  name: 'gateway_calls_refused_overloaded_total',
  help: 'Calls that were refused because this process relayed as many as it may.',
});

/** So many calls are relayed by one process at once; one more would make all of them slow, and a queue would hide it. */
export class CallsAtOnce {
  private calls = 0;

  constructor(private readonly callsMax: number) {}

  /** Lets a call in and gives what lets it out, to be called once. Throws 503 where there are as many as there may be. */
  enter(): () => void {
    if (this.calls >= this.callsMax) {
      refused.inc();
      throw overloaded();
    }
    this.calls += 1;
    underWay.set(this.calls);
    return () => {
      this.calls -= 1;
      underWay.set(this.calls);
    };
  }
}
