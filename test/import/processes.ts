import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { testVariables } from '../support/parts.ts';
import { runCommand } from './import-command.ts';

/** Starts a process of the platform on the parts of this test file and ends it with the file; gives its ready line. */
async function startProcess(
  name: 'ingest' | 'sink' | 'worker',
  variables: Record<string, string> = {},
): Promise<{ listening?: string; metrics: string }> {
  const program = fileURLToPath(new URL(`../../bin/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  afterAll(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    const line = text.split('\n').find((candidate) => candidate.includes('"metrics"'));
    if (line === undefined || !text.includes('\n')) continue;
    child.stdout.resume();
    return JSON.parse(line) as { listening?: string; metrics: string };
  }
  throw new Error(`${name} ended before it was ready`);
}

/** Schemas, topics and all three processes. Gives the address of ingest. */
export async function startPlatformProcesses(variables: Record<string, string> = {}): Promise<string> {
  const migrated = await runCommand(['migrate']);
  if (migrated.code !== 0) throw new Error(migrated.stderr);
  const [ingest] = await Promise.all([
    startProcess('ingest', variables),
    startProcess('sink', variables),
    startProcess('worker', variables),
  ]);
  return ingest.listening ?? '';
}
