import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unmogrowp, unmogrowpJson } from '../replay/command.ts';
import { testEnv } from '../support/parts.ts';
import { withTimerFirst } from '../support/timer-first.ts';
import { bundleOf } from '../windows/histories.ts';
import { type WindowHandle, describeWindow, quietRuntime } from '../windows/time-skipping.ts';
import { COMMANDS, NEW, OLD, TYPED, newDeployment } from './setup.ts';

const BROKEN = 'test/windows/broken-twins/workflows.ts';
const WAIT = { timeout: 60_000, interval: 100 };

let environment: TestWorkflowEnvironment;
let old: WorkflowBundleOption;
/** A run begins with a timer, behind a patch. */
let patched: WorkflowBundleOption;
beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createFromExistingServer({ address: testEnv.TEMPORAL_ADDRESS });
  old = await bundleOf();
  patched = withTimerFirst(old);
});
afterAll(() => environment.teardown());

const untilVersion = (handle: WindowHandle, version: number): Promise<void> =>
  vi.waitFor(async () => expect((await describeWindow(handle)).publicationVersion).toBe(version), WAIT);
const reopen = (handle: WindowHandle): Promise<void> => handle.signal('reopen', { version: 1, arrivals: null });
/** What a window says once it was asked to run again, by whichever version. */
async function runAgain(handle: WindowHandle, version: number): Promise<void> {
  await reopen(handle);
  await untilVersion(handle, version);
}

/** Which version decided last for a window. */
async function versionOf(handle: WindowHandle): Promise<string> {
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? '';
}

/** Whether the history says that it goes by a patch. */
async function hasMarker(handle: WindowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).some(({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_patch');
}

/** Until a worker has refused to go on with a window. */
const untilRefused = (handle: WindowHandle): Promise<void> =>
  vi.waitFor(async () => {
    const { events } = await handle.fetchHistory();
    const failure = events?.findLast(
      (event) => event.workflowTaskFailedEventAttributes,
    )?.workflowTaskFailedEventAttributes;
    expect(failure?.failure?.message).toMatch(/nondeterminism/i);
  }, WAIT);

describe('windows that were opened under one version', () => {
  test('go on under the next, which has a patch, and after a rollback under the one before, as the page says', async () => {
    const deployment = newDeployment(environment);
    await deployment.work(OLD, old);
    const [moved, still] = [await deployment.open(), await deployment.open()];
    await deployment.makeCurrent(OLD);
    await Promise.all([untilVersion(moved, 1), untilVersion(still, 1)]);

    await deployment.work(NEW, patched);
    await vi.waitFor(() => deployment.type('set-ramping-version', NEW), WAIT);
    await deployment.makeCurrent(NEW);
    await runAgain(moved, 2);
    expect(await versionOf(moved)).toBe(NEW);
    expect(await hasMarker(moved)).toBe(true);
    const born = await deployment.open();
    await untilVersion(born, 1);

    await deployment.makeCurrent(OLD);
    await runAgain(still, 2);
    expect(await versionOf(still)).toBe(OLD);
    expect(await hasMarker(still)).toBe(false);

    await reopen(moved);
    await untilRefused(moved);
    deployment.type('workflow reset');
    const newest = (handle: WindowHandle) => environment.client.workflow.getHandle(handle.workflowId) as WindowHandle;
    for (const window of [moved, born]) {
      await vi.waitFor(async () => expect(await versionOf(newest(window))).toBe(OLD), WAIT);
      await runAgain(newest(window), (await describeWindow(newest(window))).publicationVersion + 1);
      expect(await hasMarker(newest(window))).toBe(false);
    }
  });

  test('stand still under a version that forgot the patch, which publishes nothing, and go on when it is taken back', async () => {
    const deployment = newDeployment(environment);
    await deployment.work(OLD, old);
    const window = await deployment.open();
    await deployment.makeCurrent(OLD);
    await untilVersion(window, 1);

    await deployment.work(NEW, await bundleOf(BROKEN));
    await deployment.makeCurrent(NEW);
    await reopen(window);
    await untilRefused(window);

    await deployment.makeCurrent(OLD);
    await untilVersion(window, 2);
    expect(await versionOf(window)).toBe(OLD);
  });

  test('that were opened by workers without a version move to the first version that is made current', async () => {
    const deployment = newDeployment(environment);
    await deployment.work(undefined, old);
    const window = await deployment.open();
    await untilVersion(window, 1);
    await deployment.work(OLD, old);
    await deployment.makeCurrent(OLD);
    await runAgain(window, 2);
    expect(await versionOf(window)).toBe(OLD);
  });
});

test('deploy check tells which of the workflows under way this version would not follow', async () => {
  const deployment = newDeployment(environment, testEnv.TEMPORAL_TASK_QUEUE);
  const stop = await deployment.work(undefined, old);
  const ours = await deployment.open();
  await untilVersion(ours, 1);
  expect(await unmogrowpJson('deploy', 'check')).toEqual({ followed: 1, refused: [] });
  await stop();
  await deployment.work(undefined, await bundleOf(BROKEN));
  const other = await deployment.open();
  await untilVersion(other, 1);
  const refusal = expect.stringMatching(/nondeterminism/i) as string;
  expect(await unmogrowpJson('deploy', 'check')).toEqual({
    followed: 2,
    refused: [{ workflow_id: other.workflowId, run_id: (await other.describe()).runId, refusal }],
  });
  const { code, stdout } = await unmogrowp('deploy', 'check', '--limit', '1');
  expect(code).toBe(1);
  expect(stdout).toContain('1 workflow under way: 1 would stand still under this version');
});

test('every command of the page for Temporal was typed here', () => {
  expect(COMMANDS.length).toBeGreaterThan(4);
  expect([...TYPED].toSorted()).toEqual([...new Set(COMMANDS)].toSorted());
});
