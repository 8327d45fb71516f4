import { obtainTool } from '../../stack/tools.ts';

/** Longer than the builds take on a machine that has none of them in its cache. */
export const BUILD_MS_MAX = 1_800_000;

/**
 * Builds Prometheus, Alertmanager and Loki with their tools when they are not in the cache, for `beforeAll`: a test has
 * no time for it.
 */
export async function buildObservers(): Promise<void> {
  for (const name of ['promtool', 'amtool', 'lokitool'] as const) await obtainTool(name, process.env);
}
