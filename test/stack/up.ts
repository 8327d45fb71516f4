import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { bareEnvironment } from './support.ts';

export const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));

/** What `unmogrowp up --json` prints when everything runs. */
export interface Running {
  environment: Record<string, string>;
  parts: { name: string; pid: number }[];
  processes: { name: string; pid: number; address: string }[];
}

/** Starts the whole platform in a folder, as somebody would in a terminal, and waits until it runs. */
export async function up(
  directory: string,
  ...options: string[]
): Promise<{ child: ChildProcess; exited: Promise<unknown[]>; running: Running }> {
  const child = spawn(
    process.execPath,
    [PROGRAM, 'up', '--free-ports', '--json', '--directory', directory, ...options],
    {
      env: bareEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let [text, progress] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => (progress += chunk.toString()));
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.endsWith('}\n')) return { child, exited, running: JSON.parse(text) as Running };
  }
  throw new Error(`up ended:\n${progress}`);
}

/** A command in another terminal, which knows nothing but the folder. */
export async function elsewhere(
  directory: string,
  ...parameters: string[]
): Promise<{ stdout: string; stderr: string }> {
  const env = { ...bareEnvironment, UNMOGROWP_DIRECTORY: directory };
  return promisify(execFile)(process.execPath, [PROGRAM, ...parameters], { env });
}

export async function statusOf(directory: string): Promise<{ name: string; health: string; version?: string }[]> {
  const { stdout } = await elsewhere(directory, 'status', '--json');
  return JSON.parse(stdout) as { name: string; health: string; version?: string }[];
}
