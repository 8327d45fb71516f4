import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testVariables } from '../support/parts.ts';

export type Runtime = 'node' | 'bun';
export const RUNTIMES: readonly Runtime[] = ['node', 'bun'];

const PROGRAM = fileURLToPath(new URL('../../bin/ingest.ts', import.meta.url));

/** The ingest process while it runs. */
export interface IngestProcess {
  url: string;
  metricsUrl: string;
  child: ChildProcess;
  /** Sends a signal and gives the exit code (or the signal's name) when the process has ended. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** Starts bin/ingest.ts on the parts of this test file and waits until it listens. */
export async function startIngest(runtime: Runtime, variables: Record<string, string> = {}): Promise<IngestProcess> {
  const command = runtime === 'bun' ? bunPath() : process.execPath;
  const child = spawn(command, [PROGRAM], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const { listening, metrics } = await listeningLine(child, ended);
  return {
    url: listening,
    metricsUrl: metrics,
    child,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

async function listeningLine(
  child: ChildProcess,
  ended: Promise<number | string>,
): Promise<{ listening: string; metrics: string }> {
  const line = new Promise<string>((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = text.split('\n').find((candidate) => candidate.startsWith('{"listening"'));
      if (found !== undefined) resolve(found);
    });
  });
  const first = await Promise.race([line, ended]);
  if (typeof first !== 'string' || !first.startsWith('{')) throw new Error(`ingest ended with ${String(first)}`);
  return JSON.parse(first) as { listening: string; metrics: string };
}

/** Bun's own binary, which its install script moves: its wrapper would not pass signals on. */
function bunPath(): string {
  const folder = dirname(createRequire(import.meta.url).resolve('bun/package.json'));
  const unmoved = join(folder, '..', '@oven', `bun-${process.platform}-${process.arch}`, 'bin', 'bun');
  return existsSync(unmoved) ? unmoved : join(folder, 'bin', 'bun.exe');
}
