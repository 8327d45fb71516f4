import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line on the parts of this test file. The test's own work goes on meanwhile. */
export async function unmogrowp(...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...testVariables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

/** The same with `--json`, parsed. Fails with what the command said when it printed none. */
export async function unmogrowpJson<Answer>(...args: string[]): Promise<Answer> {
  const { stdout, stderr } = await unmogrowp(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}
