import { PARTS } from './parts/all.ts';
import { LOOPBACK } from './ports.ts';
import type { RunningPart, RunningProcess, ScrapeTarget } from './types.ts';

/** Everything of a stack that serves metrics; what runs at addresses of the environment is its owner's to scrape. */
export function scrapeTargets(stack: {
  readonly parts: readonly Pick<RunningPart, 'name' | 'ports'>[];
  readonly processes: readonly Pick<RunningProcess, 'name' | 'metricsUrl'>[];
}): ScrapeTarget[] {
  const ofParts = stack.parts.flatMap(({ name, ports }) => {
    const port = ports[PARTS[name].metricsListener ?? ''];
    return port === undefined ? [] : [targetOf(name, `${LOOPBACK}:${port}`)];
  });
  return [...ofParts, ...stack.processes.map(({ name, metricsUrl }) => targetOf(name, new URL(metricsUrl).host))];
}

const targetOf = (job: string, target: string): ScrapeTarget => ({ targets: [target], labels: { job } });
