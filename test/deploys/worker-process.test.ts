import { randomUUID } from 'node:crypto';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { windowHandle } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import { operate, publicationsOf, publishedDays, replayOf } from '../replay/setup.ts';
import { type Parts, type WorkerProcess, startParts, startWorker } from '../windows/setup.ts';
import { NEW, OLD, makeCurrent } from './setup.ts';

let parts: Parts;
beforeAll(async () => {
  parts = await startParts();
});

const deployment = `test-${randomUUID().slice(0, 8)}`;

/** A worker of a version that is the current one. */
async function startVersion(buildId: string): Promise<WorkerProcess> {
  const worker = await startWorker({
    WORKER_DEPLOYMENT_NAME: deployment,
    WORKER_BUILD_ID: buildId,
    WORKER_RECONCILE_INTERVAL_MS: '3600000',
  });
  onTestFinished(async () => void (await worker.end('SIGKILL')));
  await makeCurrent(deployment, buildId);
  return worker;
}

async function versionOf(window: WindowKey): Promise<string> {
  const { raw } = await windowHandle(parts.windows, window).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? '';
}

test('a worker process computes windows and replays as the version it is, and hands them over to the next', async () => {
  const old = await startVersion(OLD);
  const { days } = await publishedDays(parts, 2);
  const [first] = days as [WindowKey];
  const changes = { models: ['first_touch'] };
  const { replayId, counts } = await replayOf(parts, days, { settings: { kind: 'changed', changes } });
  expect(counts).toEqual({ published: 2 });
  expect(await versionOf(first)).toBe(OLD);

  const next = await startVersion(NEW);
  expect(await old.end('SIGTERM')).toBe(0);
  expect(await operate(parts, replayId, 'rollback')).toEqual({ rolled_back: 2 });
  expect(await versionOf(first)).toBe(NEW);
  expect(await publicationsOf(parts, first)).toEqual([
    '1 command settings 1',
    '2 replay settings 2',
    '3 rollback settings 1',
  ]);
  expect(await next.end('SIGTERM')).toBe(0);
});
