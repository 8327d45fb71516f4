import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import { bounded, counter, gauge } from './declare.ts';

const errorCodes = Object.keys(ERROR_CODES) as ErrorCode[];

/** What every process measures about itself; `createMetrics` adds these to the metrics of each area. */
export const PROCESS_METRICS = {
  errors: counter({
    name: 'unmogrowp_errors_total',
    help: 'Errors that the process met, by their code.',
    labels: { code: errorCodes },
    exemplars: true,
  }),
  exportedSpans: counter({
    name: 'unmogrowp_exported_spans_total',
    help: 'Spans that the trace store took (`stored`) or did not take (`lost`), or for which the queue before it had no room (`dropped`).',
    labels: { outcome: ['stored', 'lost', 'dropped'] },
  }),
  logLines: counter({
    name: 'unmogrowp_log_lines_total',
    help: 'Lines of the log that Loki took, or that were lost on the way to it; all of them stand on standard output.',
    labels: { outcome: ['stored', 'lost'] },
  }),
  build: gauge({
    name: 'unmogrowp_build_info',
    help: 'Always 1; its labels say what runs.',
    labels: { version: bounded('releases'), runtime: bounded('runtimes, which are Node and Bun') },
  }),
  processStart: gauge({ name: 'process_start_time_seconds', help: 'When the process started, in Unix time.' }),
  residentMemory: gauge({ name: 'process_resident_memory_bytes', help: 'Memory of the process that is in RAM.' }),
  heapUsed: gauge({ name: 'unmogrowp_heap_used_bytes', help: 'JavaScript heap that is in use.' }),
  processorTime: counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, user and system.',
  }),
  eventLoopDelayMax: gauge({
    name: 'unmogrowp_event_loop_delay_seconds_max',
    help: 'Longest time for which the event loop was blocked since the last scrape.',
  }),
} as const;
