import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce, cachedFolder, runBuildCommand } from '../cache.ts';
import { findOnPath, GO } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { VERSIONS } from '../versions.ts';
import { needed, type ObtainContext, type ObtainedPart, type PartPlan } from './part.ts';

/** A program in Go that is built by a wrapper module, which pins it and everything below it by checksum. */
export interface GoWrapper {
  /** Names the program, its folder in the cache and the folder of the wrapper module. */
  readonly part: 'jaeger' | 'temporal';
  readonly title: string;
  /** The package of its main function. */
  readonly program: string;
}

const WRAPPER_FILES = ['go.mod', 'go.sum', 'tools.go'] as const;

/** Looks for the program in the cache; it is built when it is not there. */
export function planGoWrapper({ part }: GoWrapper, environment: Variables): PartPlan {
  const version = VERSIONS[part];
  const cached = join(cachedFolder(environment, part, version), part);
  if (existsSync(cached)) return { source: 'cache', version, path: cached, tools: [] };
  return { source: 'build', version, tools: [GO] };
}

/** The program from the PATH, if the plan found it there, else from the cache, built first when need be. */
export async function obtainGoWrapper(wrapper: GoWrapper, context: ObtainContext): Promise<ObtainedPart> {
  const { plan, environment, report, signal } = context;
  if (plan.source === 'path')
    return { source: 'path', version: plan.version, path: needed({ path: plan.path }, 'path') };
  const { part } = wrapper;
  const version = VERSIONS[part];
  const folder = cachedFolder(environment, part, version);
  const build = (building: string): Promise<void> => buildInto(building, wrapper, context);
  const source = await buildOnce({ folder, report, signal, build });
  return { source, version, path: join(folder, part) };
}

async function buildInto(
  building: string,
  { part, title, program }: GoWrapper,
  { environment, logFile, report, signal }: ObtainContext,
): Promise<void> {
  for (const file of WRAPPER_FILES)
    copyFileSync(fileURLToPath(new URL(`../${part}/${file}`, import.meta.url)), join(building, file));
  report('building', `${title} ${VERSIONS[part]} from source with Go (minutes, once)`);
  await runBuildCommand({
    title,
    command: needed({ go: findOnPath('go', environment) }, 'go'),
    arguments: ['build', '-ldflags', '-s -w', '-o', part, program],
    workingDirectory: building,
    environment: { ...environment, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    logFile,
    signal,
  });
  for (const file of WRAPPER_FILES) rmSync(join(building, file));
}
