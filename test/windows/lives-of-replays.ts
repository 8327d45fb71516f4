import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { withHeartbeat } from '../../activities/heartbeat.ts';
import type { ReplayChange, ReplayWaits, ReplayWindowResult } from '../../activities/replay-contract.ts';
import type { ReplayInput } from '../../workflows/messages.ts';
import { type ReplayHandle, hours, plainReplay, progressOf, withReplayWorkers } from '../replay/time-skipping.ts';
import { type History, type Life, continuedHistories, historiesOf, until } from './lives.ts';

const WINDOWS = 12;

/** Lives of replays: commands, a cancellation by command and one from outside, and one history after the other. */
export const livesOfReplays: readonly Life[] = [
  async (environment) => {
    const histories = await lived(environment, { windowsPerPage: 4 }, async ({ handle, end }) => {
      await untilUnderWay(environment, handle, 3);
      await change(environment, handle, { action: 'pause' });
      [1, 2, 3].forEach((hour) => end(hour));
      await untilUnderWay(environment, handle, 0);
      await change(environment, handle, { action: 'concurrency', concurrency: 1 });
      await change(environment, handle, { action: 'resume' });
      await untilUnderWay(environment, handle, 1);
      await change(environment, handle, { action: 'concurrency', concurrency: 5 });
      hours(WINDOWS).forEach((_, index) => end(index + 1));
    });
    return { 'replay-commanded': histories[0] as History };
  },
  async (environment) => {
    const histories = await lived(environment, {}, async ({ handle, end }) => {
      await untilUnderWay(environment, handle, 3);
      await change(environment, handle, { action: 'cancel' });
      end(1);
      [2, 3].forEach((hour) => end(hour, 'withdrawn'));
    });
    return { 'replay-cancelled': histories[0] as History };
  },
  async (environment) => {
    const histories = await lived(environment, {}, async ({ handle }) => {
      await untilUnderWay(environment, handle, 3);
      await handle.cancel();
    });
    return { 'replay-cancelled-outside': histories[0] as History };
  },
  // With a window under way that outlives the first history.
  async (environment) => {
    const histories = await lived(environment, { windowsPerRun: 5, windowsPerPage: 4 }, async ({ handle, end }) => {
      hours(WINDOWS).forEach((_, index) => (index === 1 ? undefined : end(index + 1)));
      await until(async () => (await progressOf(environment, handle)).windowsEnded === WINDOWS - 1);
      end(2);
    });
    return continuedHistories('replay', histories);
  },
];

interface Living {
  handle: ReplayHandle;
  /** Lets the window of this hour end. */
  end: (hour: number, state?: ReplayWindowResult) => void;
}

/** The histories of a replay with a worker that serves it. */
function lived(
  environment: TestWorkflowEnvironment,
  input: Partial<ReplayInput>,
  live: (living: Living) => Promise<void>,
): Promise<History[]> {
  const { end, ...waits } = gatedWindows();
  const replay = plainReplay(hours(WINDOWS), waits);
  return withReplayWorkers(environment, replay, async (start) => {
    const handle = await start(input);
    await live({ handle, end });
    return historiesOf(environment, handle);
  });
}

/** Windows that end when they are told to, each once; whoever asks again joins. */
function gatedWindows(): Pick<Living, 'end'> & ReplayWaits {
  const gates = new Map<number, PromiseWithResolvers<ReplayWindowResult>>();
  const gateOf = (startMs: number): PromiseWithResolvers<ReplayWindowResult> => {
    const gate = gates.get(startMs) ?? Promise.withResolvers<ReplayWindowResult>();
    gates.set(startMs, gate);
    return gate;
  };
  return {
    end: (hour, state = 'published') => gateOf(hours(hour).at(-1) as number).resolve(state),
    replayWindow: ({ window }) =>
      withHeartbeat(undefined, async (signal) => {
        const gone = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('nobody waits any more')), { once: true });
        });
        return { state: await Promise.race([gateOf(window.windowStartMs).promise, gone]) };
      }),
  };
}

function change(
  environment: TestWorkflowEnvironment,
  { workflowId }: ReplayHandle,
  wanted: Pick<ReplayChange, 'action' | 'concurrency'>,
): Promise<void> {
  const named: ReplayChange = { by: 'ada', note: '', actionKey: randomUUID(), ...wanted };
  return environment.client.workflow
    .getHandle(workflowId)
    .executeUpdate<void, [ReplayChange]>('change', { args: [named] });
}

const untilUnderWay = (environment: TestWorkflowEnvironment, handle: ReplayHandle, windows: number): Promise<void> =>
  until(async () => (await progressOf(environment, handle)).inFlightMs.length === windows);
