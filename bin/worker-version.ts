import type { WorkerOptions } from '@temporalio/worker';
import type { Env } from '../env.ts';
import { readVersion } from '../otel/process.ts';
import { workflowFingerprint } from './workflow-bundle.ts';

/**
 * How Temporal knows this worker: as a version of a deployment, or not at all where the installation names none. Every
 * workflow moves on to the version that is current, because a window outlives many of them; that it can is what the
 * recorded histories prove.
 */
export function workerVersion(
  env: Pick<Env, 'WORKER_DEPLOYMENT_NAME' | 'WORKER_BUILD_ID'>,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const deploymentName = env.WORKER_DEPLOYMENT_NAME;
  if (deploymentName === undefined) return {};
  const buildId = env.WORKER_BUILD_ID ?? `${readVersion()}-${workflowFingerprint()}`;
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}
