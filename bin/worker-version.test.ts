import { expect, test } from 'vitest';
import { readVersion } from '../otel/process.ts';
import { workerVersion } from './worker-version.ts';

const named = { WORKER_DEPLOYMENT_NAME: 'unmogrowp' };

test('a worker without a deployment has no version, and gets work like any other', () => {
  expect(workerVersion({ WORKER_DEPLOYMENT_NAME: undefined, WORKER_BUILD_ID: undefined })).toEqual({});
});

test('a worker with a deployment has the given version, and its windows move on to newer ones', () => {
  expect(workerVersion({ ...named, WORKER_BUILD_ID: '0.2.0' })).toEqual({
    workerDeploymentOptions: {
      version: { deploymentName: 'unmogrowp', buildId: '0.2.0' },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  });
});

test('a version that nobody names is that of the package and of the workflows in it', () => {
  const { workerDeploymentOptions } = workerVersion({ ...named, WORKER_BUILD_ID: undefined });
  const { buildId } = workerDeploymentOptions?.version ?? { buildId: '' };
  expect(buildId.startsWith(`${readVersion()}-`)).toBe(true);
  expect(buildId.slice(readVersion().length + 1)).toMatch(/^[0-9a-f]{16}$/);
});
