import { setTimeout as wait } from 'node:timers/promises';
import type { WindowClient } from '../../activities/client.ts';
import type { ReplayCounts, ReplayRunState } from '../../activities/replay-contract.ts';
import { replayProgress } from '../../activities/replay-client.ts';
import { countReplayRuns } from '../../activities/replay-queries.ts';
import { isLive, loadReplay } from '../../postgres/replays.ts';
import { formatDuration } from '../../stack/progress.ts';
import type { ReplayProgress } from '../../workflows/messages.ts';
import { printProgress } from '../output.ts';
import { startProgressBar } from '../progress-bar.ts';
import type { ReplayParts } from './parts.ts';

const POLL_MS = 500;
const NO_ANSWER_MS = 5_000;

/** States of windows for which somebody has to look. */
export const TROUBLE = ['failed', 'conflict', 'kept'] as const satisfies readonly ReplayRunState[];

/**
 * Shows how a replay goes on until it has ended: progress, rate, remaining time, failures. It ends when the state of
 * record says so; the workflow is only asked how far it is. Throws `interrupted` when the signal aborts.
 */
export async function watchReplay(
  parts: ReplayParts & { client: WindowClient },
  replayId: string,
  signal: AbortSignal,
): Promise<ReplayCounts> {
  const { pool, client } = parts;
  const show = createDisplay();
  try {
    for (;;) {
      signal.throwIfAborted();
      const replay = await loadReplay(pool, replayId);
      if (!isLive(replay)) {
        const counts = await readCounts(parts, replayId);
        show.end(counts);
        return counts;
      }
      show.update(await askProgress(client, replay));
      await wait(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    show.close();
  }
}

/** How many windows of a replay stand in which state. */
export async function readCounts({ clickhouse }: ReplayParts, replayId: string): Promise<ReplayCounts> {
  const rows = await countReplayRuns(clickhouse, { replayId });
  return Object.fromEntries(rows.map(({ state, windows }) => [state, windows]));
}

/** In words: what became of how many windows. */
export function describeCounts(counts: ReplayCounts): string {
  const parts = Object.entries(counts)
    .filter(([, windows]) => windows > 0)
    .map(([state, windows]) => `${windows} ${state.replaceAll('_', ' ')}`);
  return parts.length === 0 ? 'no windows' : parts.join(', ');
}

type Progress = ReplayProgress | 'no workflow' | 'no answer';

async function askProgress(
  client: WindowClient,
  { replay_id: replayId, operation }: Awaited<ReturnType<typeof loadReplay>>,
): Promise<Progress> {
  try {
    const asked = client.temporal.withDeadline(Date.now() + NO_ANSWER_MS, () =>
      replayProgress(client, replayId, operation),
    );
    return (await asked) ?? 'no workflow';
  } catch {
    return 'no answer';
  }
}

/** A bar on a terminal, lines elsewhere. What is unusual is said once. */
function createDisplay() {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  let first: { atMs: number; ended: number } | undefined;
  let total = 0;
  let said = '';
  const say = (text: string): void => {
    if (text !== said) printProgress(text);
    said = text;
  };
  return {
    update(progress: Progress): void {
      if (progress === 'no answer') {
        say('No worker answers. Is one running? See: unmogrowp status');
        return;
      }
      if (progress === 'no workflow') {
        say('Its workflow is gone. To let it go on: unmogrowp replay resume');
        return;
      }
      if (progress.windowsTotal === 0) return;
      total = progress.windowsTotal;
      first ??= { atMs: performance.now(), ended: progress.windowsEnded };
      bar ??= startProgressBar(progress.operation, progress.windowsTotal);
      bar.update(progress.windowsEnded, textOf(progress, first));
    },
    end(counts: ReplayCounts): void {
      bar?.update(total, describeCounts(counts));
    },
    close: () => bar?.stop(),
  };
}

function textOf(progress: ReplayProgress, first: { atMs: number; ended: number }): string {
  const { windowsEnded, windowsTotal, state, counts } = progress;
  const seconds = (performance.now() - first.atMs) / 1_000;
  const perSecond = (windowsEnded - first.ended) / Math.max(seconds, 0.001);
  const failures = TROUBLE.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  return [
    `${windowsEnded} of ${windowsTotal} windows`,
    ...(perSecond > 0 ? [`${perSecond.toFixed(1)}/s`] : []),
    ...(perSecond > 0 ? [`${formatDuration(((windowsTotal - windowsEnded) / perSecond) * 1_000)} left`] : []),
    ...(failures > 0 ? [`${failures} without success`] : []),
    ...(state === 'running' ? [] : [state]),
  ].join('  ');
}
