import { UnmogrowpError } from '../errors.ts';
import { isCancelled, loadReplay } from '../postgres/replays.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { keyOf } from './load-window.ts';
import { publishAs, readRecordedRun, refuseOldRun } from './publish-run.ts';
import { storeReplayRun } from './leave-replay-run.ts';
import type { ReplayRunRecord, WindowReplayActivities } from './replay-contract.ts';
import { readIsBehind, readReplayRun } from './replay-queries.ts';
import { DRY_RUN_PUBLISHABLE_MS, type Run, readCurrentPublication } from './run-queries.ts';
import { lookbackMs } from './window-range.ts';

type Publish = WindowReplayActivities['publishReplayRun'];
type Recorded = Awaited<ReturnType<typeof readReplayRun>>[number];
type Current = Awaited<ReturnType<typeof readCurrentPublication>>[number] | undefined;

/** Which run becomes which version, or why none does. */
type Decision = { runId: string; publicationVersion: number } | { refusal: string };

/** What publishing and rolling back do alike, and where they differ. */
const OPERATIONS = {
  publish: { from: 'computed', done: 'published', refused: 'conflict', reason: 'replay', decide: decidePublish },
  rollback: { from: 'published', done: 'rolled_back', refused: 'kept', reason: 'rollback', decide: decideRollback },
} as const;

/**
 * Makes what a dry run computed the truth, or what was the truth before a replay. Refused, as a value, when something
 * newer has been published since. Whoever repeats it finds what it did and adds nothing.
 */
export function createPublishReplayRun(dependencies: ActivityDependencies): Publish {
  const { clickhouse, postgres, metrics } = dependencies;

  return async function publishReplayRun({ replayId, operation, window, publishedAtMs }) {
    const { from, done, refused, reason, decide } = OPERATIONS[operation];
    const [replay, [recorded], [current]] = await Promise.all([
      loadReplay(postgres, replayId),
      readReplayRun(clickhouse, { replayId, windowStartMs: window.windowStartMs }),
      readCurrentPublication(clickhouse, keyOf(window)),
    ]);
    if (recorded === undefined) throw new UnmogrowpError('bug', `Nothing is recorded of ${replayId} for the window`);
    const unchanged = answerOf(current);
    if (recorded.state !== from) return { ...unchanged, state: recorded.state };
    if (isCancelled(replay)) return { ...unchanged, state: 'withdrawn' };
    const record = (change: Pick<ReplayRunRecord, 'state' | 'publicationVersion' | 'failure'>): Promise<void> =>
      storeReplayRun(dependencies, {
        replayId,
        window,
        record: { ...change, runId: recorded.runId, base: baseOf(recorded), recordedAtMs: publishedAtMs },
      });
    try {
      const { runId, publicationVersion } = decided(decide(recorded, current));
      const run = await readRecordedRun(dependencies, window, runId);
      if (operation === 'publish') await refuseOldRun(dependencies, run, DRY_RUN_PUBLISHABLE_MS);
      const { firstPublishedAtMs } = await publishAs(dependencies, run, { reason, publicationVersion, publishedAtMs });
      await record({ state: done, publicationVersion, failure: null });
      metrics.publications.inc({ reason });
      const { settingsVersion } = run;
      const isBehind = operation === 'publish' && replay.as_of === null && (await isRunBehind(run));
      return { state: done, publicationVersion, firstPublishedAtMs, settingsVersion, isBehind };
    } catch (error) {
      const failure = refusalOf(error);
      await record({ state: refused, publicationVersion: recorded.version, failure });
      return { ...unchanged, state: refused };
    }
  };

  /** Whether rows have come since that it could not see. */
  async function isRunBehind(run: Run): Promise<boolean> {
    const { tenantId, windowStartMs, windowEndMs, cutoff, settingsVersion } = run;
    const { settings } = await loadSettings(postgres, tenantId, settingsVersion);
    const reachStartMs = Math.max(0, windowStartMs - lookbackMs(settings));
    const [answer] = await readIsBehind(clickhouse, { tenantId, reachStartMs, windowEndMs, cutoff });
    return answer?.isBehind === true;
  }
}

/** A dry run was compared with what was published then; it may only follow that. */
function decidePublish({ runId, baseVersion }: Recorded, current: Current): Decision {
  if (current?.runId === runId || (current?.version ?? 0) === baseVersion) {
    return { runId, publicationVersion: baseVersion + 1 };
  }
  return {
    refusal: `Version ${current?.version ?? 0} was published after the dry run, which was compared with version ${baseVersion}`,
  };
}

/** What the replay published is taken back only while it is what readers see. */
function decideRollback({ runId, baseRunId, baseVersion, version }: Recorded, current: Current): Decision {
  if (baseVersion === 0) return { refusal: 'Nothing had been published before the replay' };
  const isBack = current?.runId === baseRunId && current.version === version + 1;
  if (isBack || (current?.runId === runId && current.version === version)) {
    return { runId: baseRunId, publicationVersion: version + 1 };
  }
  return {
    refusal: `Version ${current?.version ?? 0} was published after the replay, which had published version ${version}`,
  };
}

function decided(decision: Decision): Exclude<Decision, { refusal: string }> {
  if ('refusal' in decision) throw new UnmogrowpError('publication_conflict', decision.refusal);
  return decision;
}

/** Something newer was published, or the run is too old: that is an outcome. Everything else is an error. */
function refusalOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof UnmogrowpError)) throw error;
  const { code, message } = error;
  if (code !== 'publication_conflict' && code !== 'run_expired') throw error;
  return { code, message };
}

const baseOf = ({ baseRunId, baseVersion }: Recorded): ReplayRunRecord['base'] =>
  baseVersion === 0 ? null : { version: baseVersion, runId: baseRunId };

const answerOf = (current: Current) => ({
  publicationVersion: current?.version ?? 0,
  firstPublishedAtMs: current?.firstPublishedAtMs ?? null,
  settingsVersion: current?.settingsVersion ?? 0,
  isBehind: false,
});
