import type { Metrics } from '../otel/metrics.ts';
import type { KAFKA_METRICS } from '../otel/registry/kafka.ts';
import type { SINK_METRICS } from '../otel/registry/sink.ts';

/** The declared metrics of the sink, and the count of partitions that wait for something that failed. */
export type SinkMetrics = Metrics<typeof SINK_METRICS & typeof KAFKA_METRICS> & {
  /** For one thing that may fail and be tried again: `begin` when it did, `end` when it is over in either way. */
  blocking: () => { begin: () => void; end: () => void };
  blockedCount: () => number;
};

/** Adds the count to the declared metrics. */
export function watchBlocked(metrics: Metrics<typeof SINK_METRICS & typeof KAFKA_METRICS>): SinkMetrics {
  let count = 0;
  const add = (difference: number): void => {
    count += difference;
    metrics.blockedPartitions.set(count);
  };
  add(0);
  function blocking() {
    let isBlocked = false;
    const change = (to: boolean): void => {
      if (to !== isBlocked) add(to ? 1 : -1);
      isBlocked = to;
    };
    return { begin: () => change(true), end: () => change(false) };
  }
  return { ...metrics, blocking, blockedCount: () => count };
}
