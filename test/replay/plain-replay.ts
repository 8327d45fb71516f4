import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import type {
  ReplayActivities,
  ReplayChange,
  ReplayCounts,
  ReplayPlan,
  ReplayWaits,
  ReplayWindowResult,
} from '../../activities/replay-contract.ts';
import { waitQueue } from '../../activities/replay-client.ts';
import { loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import type { ReplayInput, ReplayProgress } from '../../workflows/messages.ts';
import { testPlugin } from '../windows/time-skipping.ts';

const HOUR_MS = 3_600_000;

/** Starts of so many windows, one after the other. */
export const hours = (count: number): number[] => Array.from({ length: count }, (_, index) => (index + 1) * HOUR_MS);

const PLAN: ReplayPlan = {
  tenantId: 'acme',
  granularity: '1h',
  windowLengthMs: HOUR_MS,
  concurrency: 3,
  isPaused: false,
  isCancelled: false,
  counts: {},
};

/** What the plain activities below remember, so that a test can look. */
export interface ReplayCalls {
  /** Windows in the order in which they were asked for, each as often as it was. */
  asked: number[];
  underWayMax: number;
  changes: string[];
  withdrawn: number[];
  ended: { isCancelled: boolean }[];
}

/** A state of record in memory with these windows; `replayWindow` publishes each at once unless a test replaces it. */
export function plainReplay(
  windowStartsMs: readonly number[],
  replaced: Partial<ReplayWaits> = {},
  plan: Partial<ReplayPlan> = {},
): { activities: ReplayActivities; waits: ReplayWaits; calls: ReplayCalls } {
  const calls: ReplayCalls = { asked: [], underWayMax: 0, changes: [], withdrawn: [], ended: [] };
  const replayWindow = replaced.replayWindow ?? (() => Promise.resolve({ state: 'published' as const }));
  let underWay = 0;
  return {
    calls,
    waits: {
      async replayWindow(input) {
        calls.asked.push(input.window.windowStartMs);
        underWay += 1;
        calls.underWayMax = Math.max(calls.underWayMax, underWay);
        try {
          return await replayWindow(input);
        } finally {
          underWay -= 1;
        }
      },
    },
    activities: {
      beginReplay: () => Promise.resolve({ ...PLAN, ...plan }),
      replayPage({ afterMs, windowsMax }) {
        const left = windowStartsMs.filter((startMs) => startMs > (afterMs ?? -1));
        return Promise.resolve({ windowStartsMs: left.slice(0, windowsMax), remaining: left.length });
      },
      changeReplayState({ change }) {
        calls.changes.push(change.action);
        return Promise.resolve();
      },
      withdrawWindows({ windows }) {
        calls.withdrawn.push(...windows.map(({ windowStartMs }) => windowStartMs));
        return Promise.resolve();
      },
      endReplay({ isCancelled }) {
        calls.ended.push({ isCancelled });
        return Promise.resolve({});
      },
    },
  };
}

export type ReplayHandle = WorkflowHandle<(input: ReplayInput) => Promise<ReplayCounts>>;

/** Runs `work` while two workers serve a replay as the process `worker` does: one its decisions, one its waits. */
export async function withReplayWorkers<Result>(
  environment: TestWorkflowEnvironment,
  { activities, waits }: { activities: ReplayActivities; waits: ReplayWaits },
  work: (start: (input?: Partial<ReplayInput>) => Promise<ReplayHandle>) => Promise<Result>,
): Promise<Result> {
  const taskQueue = `test-${randomUUID()}`;
  const shared = { connection: environment.nativeConnection, plugins: [testPlugin], maxHeartbeatThrottleInterval: 100 };
  const decisions = await Worker.create({
    ...shared,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(testPlugin),
    activities,
  });
  const waiting = await Worker.create({
    ...shared,
    taskQueue: waitQueue(taskQueue),
    activities: waits,
    maxConcurrentActivityTaskExecutions: 200,
  });
  const start = (input: Partial<ReplayInput> = {}): Promise<ReplayHandle> =>
    environment.client.workflow.start<(input: ReplayInput) => Promise<ReplayCounts>>('replay', {
      workflowId: `replay/${randomUUID()}`,
      taskQueue,
      args: [{ version: 1, replayId: randomUUID(), operation: 'run', ...input }],
    });
  return decisions.runUntil(() => waiting.runUntil(() => work(start)));
}

/** What the replay says about itself, in its newest execution. */
export const progressOf = (environment: TestWorkflowEnvironment, handle: ReplayHandle): Promise<ReplayProgress> =>
  environment.client.workflow.getHandle(handle.workflowId).query<ReplayProgress>('progress');

/** Windows that end when they are told to, each once; whoever asks again for one that is under way joins it. */
export function gatedWindows() {
  const gates = new Map<number, PromiseWithResolvers<ReplayWindowResult>>();
  const gateOf = (startMs: number): PromiseWithResolvers<ReplayWindowResult> => {
    const gate = gates.get(startMs) ?? Promise.withResolvers<ReplayWindowResult>();
    gates.set(startMs, gate);
    return gate;
  };
  return {
    end: (startMs: number, state: ReplayWindowResult = 'published') => gateOf(startMs).resolve(state),
    replayWindow: ({ window }: { window: { windowStartMs: number } }) =>
      withHeartbeat(undefined, async (signal) => {
        const gone = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('nobody waits any more')), { once: true });
        });
        return { state: await Promise.race([gateOf(window.windowStartMs).promise, gone]) };
      }),
  };
}

/** What a test wants of a replay. */
export type Wanted = Pick<ReplayChange, 'action' | 'concurrency'>;

/** Sends a command to a replay, in its newest execution. */
export function changeReplay(
  { client }: TestWorkflowEnvironment,
  { workflowId }: ReplayHandle,
  wanted: Wanted,
): Promise<void> {
  const named: ReplayChange = { by: 'ada', note: '', actionKey: randomUUID(), ...wanted };
  return client.workflow.getHandle(workflowId).executeUpdate<void, [ReplayChange]>('change', { args: [named] });
}
