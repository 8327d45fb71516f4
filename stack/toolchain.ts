import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { UnmogrowpError } from '../errors.ts';
import type { Variables } from './types.ts';
import { versionAtLeast } from './versions.ts';

const run = promisify(execFile);

/** A program that a part needs to be built or to run, and what to do when it is missing. */
export interface Tool {
  readonly program: string;
  readonly title: string;
  readonly versionArguments: readonly string[];
  readonly versionMin: string;
  readonly install: string;
}

export const GO: Tool = {
  program: 'go',
  title: 'Go',
  versionArguments: ['env', 'GOVERSION'],
  versionMin: '1.21',
  install: 'install it from https://go.dev/dl (or your package manager)',
};

export const JAVA: Tool = {
  program: 'java',
  title: 'Java',
  versionArguments: ['-version'],
  versionMin: '17',
  install: 'install a JRE 17 or newer (Debian: apt-get install openjdk-17-jre-headless)',
};

export const MAVEN: Tool = {
  program: 'mvn',
  title: 'Maven',
  versionArguments: ['--version'],
  versionMin: '3.6',
  install: 'install Maven 3.6 or newer (Debian: apt-get install maven)',
};

/** A tool that a part lacks, with the variables that would make it unnecessary. */
export interface MissingTool {
  readonly tool: Tool;
  readonly problem: string;
  readonly neededFor: string;
  readonly variables: readonly string[];
}

/** The full path of a program on the PATH of this environment, or undefined. */
export function findOnPath(program: string, environment: Variables): string | undefined {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return undefined;
}

/** Why a tool cannot be used here, or undefined when it can. */
export async function problemWith(tool: Tool, environment: Variables): Promise<string | undefined> {
  const path = findOnPath(tool.program, environment);
  if (path === undefined) return `${tool.title} (${tool.program}) is not on the PATH`;
  const version = /\d+(\.\d+)*/.exec(stripColour(await outputOf(path, tool.versionArguments, environment)))?.[0];
  if (version === undefined) return `${path} does not tell its version`;
  return versionAtLeast(version, tool.versionMin)
    ? undefined
    : `${tool.title} ${version} at ${path} is older than ${tool.versionMin}`;
}

/** Everything that a program prints when asked for its version; empty when it cannot be run. */
export async function outputOf(path: string, parameters: readonly string[], environment: Variables): Promise<string> {
  try {
    const { stdout, stderr } = await run(path, [...parameters], { env: { ...environment }, timeout: 20_000 });
    return `${stdout}\n${stderr}`;
  } catch {
    return '';
  }
}

/** One message for everything that is missing, so that nobody has to install things one failed start at a time. */
export function missingToolsError(missing: readonly MissingTool[]): UnmogrowpError {
  const programs = [...new Set(missing.map((entry) => entry.tool.program))];
  const lines = programs.map((program) => {
    const entries = missing.filter((entry) => entry.tool.program === program);
    const first = entries[0];
    const parts = entries.map((entry) => entry.neededFor).join(' and ');
    const variables = entries.map((entry) => entry.variables.join(' and ')).join('; ');
    return `  ${first?.problem ?? program}, needed for ${parts}:\n    ${first?.tool.install ?? ''},\n    or set the address of a running one: ${variables}`;
  });
  return new UnmogrowpError(
    'toolchain_missing',
    `The stack cannot be started yet; nothing has been changed.\n${lines.join('\n')}`,
    { context: { programs: programs.join(',') } },
  );
}

// Maven prints colours also into a pipe, when it takes the terminal for one.
// eslint-disable-next-line no-control-regex
const stripColour = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*m/g, '');

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
