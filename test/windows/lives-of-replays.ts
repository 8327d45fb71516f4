import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ReplayWindowResult } from '../../activities/replay-contract.ts';
import type { ReplayInput } from '../../workflows/messages.ts';
import {
  type ReplayHandle,
  changeReplay,
  gatedWindows,
  hours,
  plainReplay,
  progressOf,
  withReplayWorkers,
} from '../replay/plain-replay.ts';
import { type History, type Life, continuedHistories, historiesOf, until } from './lives.ts';

const WINDOWS = 12;

/** Lives of replays: commands, a cancellation by command and one from outside, and one history after the other. */
export const livesOfReplays: readonly Life[] = [
  async (environment) => {
    const histories = await lived(environment, { windowsPerPage: 4 }, async ({ handle, end }) => {
      await untilUnderWay(environment, handle, 3);
      await changeReplay(environment, handle, { action: 'pause' });
      [1, 2, 3].forEach((hour) => end(hour));
      await untilUnderWay(environment, handle, 0);
      await changeReplay(environment, handle, { action: 'concurrency', concurrency: 1 });
      await changeReplay(environment, handle, { action: 'resume' });
      await untilUnderWay(environment, handle, 1);
      await changeReplay(environment, handle, { action: 'concurrency', concurrency: 5 });
      hours(WINDOWS).forEach((_, index) => end(index + 1));
    });
    return { 'replay-commanded': histories[0] as History };
  },
  async (environment) => {
    const histories = await lived(environment, {}, async ({ handle, end }) => {
      await untilUnderWay(environment, handle, 3);
      await changeReplay(environment, handle, { action: 'cancel' });
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
  const { end: endAt, replayWindow } = gatedWindows();
  const replay = plainReplay(hours(WINDOWS), { replayWindow });
  return withReplayWorkers(environment, replay, async (start) => {
    const handle = await start(input);
    await live({ handle, end: (hour, state) => endAt(hours(hour).at(-1) as number, state) });
    return historiesOf(environment, handle);
  });
}

const untilUnderWay = (environment: TestWorkflowEnvironment, handle: ReplayHandle, windows: number): Promise<void> =>
  until(async () => (await progressOf(environment, handle)).inFlightMs.length === windows);
