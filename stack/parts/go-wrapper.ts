import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce, cachedFolder, runBuildCommand } from '../cache.ts';
import { findOnPath, GO, outputOf } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { VERSIONS, versionAtLeast } from '../versions.ts';
import { needed, type ObtainContext, type ObtainedPart, type PartPlan } from './part.ts';

/** A program in Go that is built by a wrapper module, which pins it and everything below it by checksum. */
export interface GoWrapper {
  /** Names the program, its folder in the cache and the folder of the wrapper module. */
  readonly part: 'jaeger' | 'temporal' | 'prometheus' | 'alertmanager' | 'loki';
  readonly title: string;
  /** The package of its main function. */
  readonly program: string;
  /** Packages of the command line programs that are built beside it. */
  readonly tools?: readonly string[];
  readonly buildTags?: string;
  /** The variable in its code that holds its version, which a build from the module leaves empty. */
  readonly versionVariable?: string;
}

const WRAPPER_FILES = ['go.mod', 'go.sum', 'tools.go'] as const;

/** Looks for the program in the cache; it is built when it is not there. */
export function planGoWrapper({ part }: GoWrapper, environment: Variables): PartPlan {
  const version = VERSIONS[part];
  const cached = join(cachedFolder(environment, part, version), part);
  if (existsSync(cached)) return { source: 'cache', version, path: cached, tools: [] };
  return { source: 'build', version, tools: [GO] };
}

/** A fitting program on the PATH that tells its version after the word, else as `planGoWrapper` says. */
export async function planInstalledOrWrapper(
  wrapper: GoWrapper,
  environment: Variables,
  versionMin: string,
): Promise<PartPlan> {
  const installed = findOnPath(wrapper.part, environment);
  if (installed !== undefined) {
    const version = /version v?(\d+(?:\.\d+)*)/.exec(await outputOf(installed, ['--version'], environment))?.[1];
    if (version !== undefined && versionAtLeast(version, versionMin)) {
      return { source: 'path', version, path: installed, tools: [] };
    }
  }
  return planGoWrapper(wrapper, environment);
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
  { part, title, program, tools = [], buildTags = '', versionVariable }: GoWrapper,
  { environment, logFile, report, signal }: ObtainContext,
): Promise<void> {
  for (const file of WRAPPER_FILES)
    copyFileSync(fileURLToPath(new URL(`../${part}/${file}`, import.meta.url)), join(building, file));
  const version = versionVariable === undefined ? '' : ` -X ${versionVariable}=${VERSIONS[part]}`;
  report('building', `${title} ${VERSIONS[part]} from source with Go (minutes, once)`);
  await runBuildCommand({
    title,
    command: needed({ go: findOnPath('go', environment) }, 'go'),
    arguments: ['build', '-tags', buildTags, '-ldflags', `-s -w${version}`, '-o', './', program, ...tools],
    workingDirectory: building,
    environment: { ...environment, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    logFile,
    signal,
  });
  for (const file of WRAPPER_FILES) rmSync(join(building, file));
}
