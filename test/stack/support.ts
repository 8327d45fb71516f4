import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { stopLeftovers } from '../../stack/leftovers.ts';
import { startStack, type Stack } from '../../stack/stack.ts';
import type { StackOptions } from '../../stack/types.ts';

/** The environment without addresses of running parts: what a fresh shell has. */
export const bareEnvironment: Record<string, string | undefined> = {
  ...process.env,
  CLICKHOUSE_URL: undefined,
  KAFKA_BROKERS: undefined,
  POSTGRES_URL: undefined,
  TEMPORAL_ADDRESS: undefined,
  OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
  JAEGER_QUERY_URL: undefined,
  PROMETHEUS_URL: undefined,
  ALERTMANAGER_URL: undefined,
  LOKI_URL: undefined,
  GRAFANA_URL: undefined,
  GRAFANA_HOME: undefined,
};

/** A folder for one stack; whatever still runs in it when the test ends is stopped before it is removed. */
export function stackDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-stack-test-'));
  onTestFinished(async () => {
    await stopLeftovers(directory, () => undefined);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** A stack of the test's own on free ports, stopped when the test ends. */
export async function ownStack(
  options: Partial<StackOptions> & Pick<StackOptions, 'directory' | 'parts'>,
): Promise<Stack> {
  const stack = await startStack({ environment: bareEnvironment, freePorts: true, ...options });
  onTestFinished(() => stack.stop());
  return stack;
}

/** Runs a query on a ClickHouse server and gives back what it prints. */
export async function askClickHouse(url: string, query: string): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: query, headers: { connection: 'close' } });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
}

/** Waits for a condition, as long as the test's own time limit allows. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

/** Takes a port as a foreign program would, until the test ends. */
export async function occupy(port: number): Promise<void> {
  const server = createServer();
  server.listen({ host: '127.0.0.1', port });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
}

/** A launcher in a process of its own, so that it can be killed; resolves when its stack is up. */
export async function launchElsewhere(directory: string, parts: readonly string[]): Promise<Launched> {
  const program = fileURLToPath(new URL('./launcher.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, parts.join(',')], {
    env: bareEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const exited = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const { keeper, parts: started } = JSON.parse(text) as Omit<Launched, 'kill'>;
  return {
    keeper,
    parts: started,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export interface Launched {
  readonly keeper: { readonly pid: number; readonly startTicks: string };
  readonly parts: readonly { readonly name: string; readonly pid: number; readonly startTicks: string }[];
  kill(): Promise<void>;
}
