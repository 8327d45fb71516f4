import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';
import type { PROCESS_METRICS } from './registry/process.ts';

const NANOSECONDS = 1e9;

/** Measures the process itself whenever it is scraped. */
export function watchProcess(metrics: Metrics<typeof PROCESS_METRICS>): () => void {
  const delay = monitorEventLoopDelay();
  delay.enable();
  let countedSeconds = 0;
  metrics.build.set({ version: readVersion(), runtime: 'Bun' in globalThis ? 'bun' : 'node' }, 1);
  metrics.processStart.set((Date.now() - performance.now()) / 1_000);
  return function measureProcess() {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    metrics.residentMemory.set(rss);
    metrics.heapUsed.set(heapUsed);
    metrics.processorTime.inc(Math.max(0, seconds - countedSeconds));
    metrics.eventLoopDelayMax.set(delay.max / NANOSECONDS);
    countedSeconds = seconds;
    delay.reset();
  };
}

/** The version of this program. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
