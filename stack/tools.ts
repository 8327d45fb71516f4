import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cachedFolder } from './cache.ts';
import { ALERTMANAGER_WRAPPER } from './parts/alertmanager.ts';
import { type GoWrapper, obtainGoWrapper, planGoWrapper } from './parts/go-wrapper.ts';
import { LOKI_WRAPPER } from './parts/loki.ts';
import { PROMETHEUS_WRAPPER } from './parts/prometheus.ts';
import { reporterFor } from './progress.ts';
import { missingToolsError, problemWith, type MissingTool } from './toolchain.ts';
import type { OnProgress, Variables } from './types.ts';
import { VERSIONS } from './versions.ts';

export type ToolName = 'promtool' | 'amtool' | 'lokitool';

const WRAPPERS: Readonly<Record<ToolName, GoWrapper>> = {
  promtool: PROMETHEUS_WRAPPER,
  amtool: ALERTMANAGER_WRAPPER,
  lokitool: LOKI_WRAPPER,
};

/**
 * The path of a command line program that is built beside its server: taken from the variable of its name in capitals
 * (`PROMTOOL`), the cache, or a build. Never from the PATH: an older one judges rules by other laws than the server.
 */
export async function obtainTool(name: ToolName, environment: Variables, onProgress?: OnProgress): Promise<string> {
  const variable = name.toUpperCase();
  const given = environment[variable];
  if (given) return given;
  const wrapper = WRAPPERS[name];
  const cached = join(cachedFolder(environment, wrapper.part, VERSIONS[wrapper.part]), name);
  if (existsSync(cached)) return cached;
  const plan = planGoWrapper(wrapper, environment);
  const missing: MissingTool[] = [];
  for (const tool of plan.tools) {
    const problem = await problemWith(tool, environment);
    if (problem !== undefined) missing.push({ tool, problem, neededFor: name, variables: [variable] });
  }
  if (missing.length > 0) throw missingToolsError(missing);
  const { signal } = new AbortController();
  const logFile = join(cacheDirectory(environment), `${wrapper.part}-build.log`);
  await obtainGoWrapper(wrapper, { plan, environment, report: reporterFor(name, onProgress), signal, logFile });
  return cached;
}
