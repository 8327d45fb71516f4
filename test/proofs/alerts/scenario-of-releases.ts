import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from '../pipeline.ts';
import { newTenantId, sendOldEvents, untilPublished } from './tenants.ts';
import type { LastingFault, Scenario, Scene } from './scenario.ts';

const RELEASE = new URL('./careless-release.ts', import.meta.url).href;
const WORKER = fileURLToPath(new URL('../../../bin/worker.ts', import.meta.url));
const EVENTS_PER_DAY = 30;
const WINDOWS = 4;

/** A worker in the place of the usual one, of a release that has changed workflows without a thought for open windows. */
async function startCarelessWorker({ pipeline, signal }: Omit<Scene, 'load'>): Promise<ChildProcess> {
  const metricsPort = pipeline.stage.metrics.worker.split(':').at(-1) ?? '0';
  const child = spawn(process.execPath, ['--import', RELEASE, WORKER], {
    env: {
      ...process.env,
      ...pipeline.variables,
      WORKER_METRICS_PORT: metricsPort,
      WORKER_TEMPORAL_METRICS_PORT: String(await freePort()),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  // It says its addresses when it has begun.
  await once(child.stdout, 'data');
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Open windows of a new tenant meet the workflows of another release, whose worker takes the place of the usual one until this is
 * healed.
 */
export async function releaseCarelessly(scene: Omit<Scene, 'load'>): Promise<LastingFault> {
  const { pipeline, seed, signal } = scene;
  const { stage } = pipeline;
  const tenant = await sendOldEvents(stage, {
    tenantId: newTenantId('released'),
    seed,
    eventsPerDay: EVENTS_PER_DAY,
  });
  await untilPublished(stage, tenant, signal);
  const listed = await pipeline.unmogrowp('windows', 'list', '--tenant', tenant.tenantId, '--json');
  const windows = (JSON.parse(listed.stdout) as { window_start: string }[]).slice(0, WINDOWS);
  await stage.processes.worker.stop();
  const careless = await startCarelessWorker(scene);
  // Each waits for its window, which stands still until the release is taken back.
  const closing: Promise<CommandResult>[] = windows.map(({ window_start: start }) =>
    pipeline.unmogrowp('windows', 'close', tenant.tenantId, start),
  );
  return {
    async heal() {
      const ended = once(careless, 'exit');
      careless.kill('SIGTERM');
      await ended;
      await stage.processes.worker.start();
      await Promise.all(closing);
    },
  };
}

/** A release of workflows that do not fit those under way. */
export const CARELESS_RELEASE: Scenario = {
  name: 'careless-release',
  title: 'a worker with changed workflows takes the place of the usual one, and open windows have something to do',
  alerts: ['WorkflowNonDeterminism'],
  inject: releaseCarelessly,
};
