import { toIso } from '../activities/window-range.ts';
import type { WindowOutcome } from '../workflows/messages.ts';
import type { WindowDetails } from './window-view.ts';

const moment = (epochMs: number | null | undefined): string | null =>
  epochMs === null || epochMs === undefined ? null : toIso(epochMs);

/** Everything about one window, as data. */
export function windowJson(details: WindowDetails): Record<string, unknown> {
  const { description, runs, ...facts } = details;
  return {
    ...facts,
    state: description?.phase ?? null,
    state_since: moment(description?.phaseSinceMs),
    waits_for: description?.waitsFor ?? null,
    waits_until: moment(description?.nextDeadlineMs),
    is_reopen_pending: description?.isReopenPending ?? null,
    freezes_at: moment(description?.freezesAtMs),
    version: Math.max(0, ...runs.map(({ version }) => version)),
    last_outcome: outcomeJson(description?.lastOutcome ?? null),
    runs: runs.map(runJson),
  };
}

function outcomeJson(last: WindowOutcome | null): Record<string, unknown> | null {
  if (last === null) return null;
  const { summary, failure, ...outcome } = last;
  return {
    state: outcome.state,
    reason: outcome.reason,
    run_id: summary?.runId ?? null,
    version: outcome.publicationVersion,
    settings_version: outcome.settingsVersion,
    started_at: moment(outcome.startedAtMs),
    finished_at: moment(outcome.finishedAtMs),
    trace_id: outcome.traceId,
    failure,
  };
}

function runJson(run: WindowDetails['runs'][number]): Record<string, unknown> {
  return {
    run_id: run.runId,
    state: run.state,
    version: run.version,
    reason: run.reason,
    replay_id: run.replayId === '' ? null : run.replayId,
    settings_version: run.settingsVersion,
    code_version: run.codeVersion,
    cutoff: run.cutoff,
    started_at: moment(run.startedAtMs),
    duration_ms: run.durationMs,
    published_at: run.version === 0 ? null : moment(run.publishedAtMs),
    conversions: run.conversions,
    conversions_attributed: run.conversionsAttributed,
    conversions_organic: run.conversionsOrganic,
    touchpoints: run.touchpoints,
    credits: run.credits,
    trace_id: run.traceId,
  };
}
