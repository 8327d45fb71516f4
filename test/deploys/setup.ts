import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { type WorkflowBundleOption, Worker } from '@temporalio/worker';
import { expect, onTestFinished, vi } from 'vitest';
import { type WindowWorkflow } from '../../activities/client.ts';
import { workerVersion } from '../../bin/worker-version.ts';
import { readPage } from '../docs/markdown.ts';
import { testVariables } from '../support/parts.ts';
import { temporalProgramFolder } from '../support/temporal-program.ts';
import { DAY_MS, type Plain, type WindowHandle, plainActivities, testPlugin } from '../windows/time-skipping.ts';

/** The names that stand on the page. */
export const [OLD, NEW] = ['0.1.0', '0.2.0'] as const;

/** What docs/deploying.md says to type for Temporal. */
export const COMMANDS: readonly string[] = readPage('docs/deploying.md').blocks.flatMap(({ language, text }) =>
  language === 'sh'
    ? text
        .replaceAll('\\\n', ' ')
        .split('\n')
        .filter((line) => line.startsWith('temporal '))
    : [],
);

/** What of it this test file has typed. */
export const TYPED = new Set<string>();

/** A deployment of its own, with a task queue, a state of record and workers of several versions. */
export interface Deployment {
  name: string;
  taskQueue: string;
  /** Starts a worker of a version, or one without a version; gives what stops it, as the end of the test does. */
  work(buildId: string | undefined, workflowBundle: WorkflowBundleOption): Promise<() => Promise<void>>;
  /** Opens a window that ended a day ago. */
  open(): Promise<WindowHandle>;
  /** Makes a version the current one, as soon as Temporal takes it. */
  makeCurrent(buildId: string): Promise<void>;
  /** Types the command of docs/deploying.md that holds all of these words, for this deployment. */
  type(...words: string[]): string;
}

/** One window at a time, published again at once whenever it is asked. */
export function newDeployment(
  environment: TestWorkflowEnvironment,
  name = `test-${randomUUID().slice(0, 8)}`,
): Deployment {
  const taskQueue = name;
  const records = new Map<string, ReturnType<typeof plainActivities>>();
  const recordOf = (tenantId: string) => {
    const record = records.get(tenantId) ?? plainActivities({ allowedLatenessMs: 0, reopenIntervalMs: 10 });
    records.set(tenantId, record);
    return record;
  };
  const activities = Object.fromEntries(
    Object.keys(plainActivities().activities).map((activity) => [
      activity,
      (input: { window: { tenantId: string } }) =>
        (recordOf(input.window.tenantId).activities[activity as keyof Plain] as (input: unknown) => unknown)(input),
    ]),
  );
  return {
    name,
    taskQueue,
    async work(buildId, workflowBundle) {
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle,
        activities,
        plugins: [testPlugin],
        maxHeartbeatThrottleInterval: 100,
        ...(buildId === undefined ? {} : workerVersion({ WORKER_DEPLOYMENT_NAME: name, WORKER_BUILD_ID: buildId })),
      });
      const running = worker.run();
      const stop = async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running;
      };
      onTestFinished(stop);
      return stop;
    },
    open() {
      const windowStartMs = (Math.floor(Date.now() / DAY_MS) - 2) * DAY_MS;
      const tenantId = `tenant-${randomUUID()}`;
      const window = { tenantId, windowStartMs, windowEndMs: windowStartMs + DAY_MS, granularity: '1d' as const };
      return environment.client.workflow.start<WindowWorkflow>('window', {
        workflowId: `window/${tenantId}`,
        taskQueue,
        args: [{ version: 1, window }],
        workflowExecutionTimeout: '1 hour',
      });
    },
    type: (...words) => typed(name, ...words),
    makeCurrent: (buildId) => makeCurrent(name, buildId),
  };
}

/** Makes a version of a deployment the current one, as soon as all of its workers are known. */
export async function makeCurrent(deployment: string, buildId: string): Promise<void> {
  const options = { timeout: 60_000, interval: 200 };
  await vi.waitFor(() => expect(typed(deployment, 'worker deployment describe')).toContain(buildId), options);
  await vi.waitFor(() => typed(deployment, 'set-current-version', buildId), options);
}

/** Types a command of docs/deploying.md for a deployment; gives what it prints. */
function typed(deployment: string, ...words: readonly string[]): string {
  const line = COMMANDS.find((one) => words.every((word) => one.includes(word)));
  if (line === undefined) throw new Error(`docs/deploying.md has no command with ${words.join(', ')}`);
  TYPED.add(line);
  const command = line
    .replaceAll(/(--name|--deployment-name)=unmogrowp/g, `$1=${deployment}`)
    .replaceAll('unmogrowp:', `${deployment}:`);
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
    env: { ...process.env, ...testVariables, PATH: `${temporalProgramFolder()}:${process.env['PATH'] ?? ''}` },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`);
  return stdout;
}
