import { detailsOf } from '../timeline-details.ts';
import type { TimelineEntry } from '../types.ts';

/** When what happened for the first time; undefined for what has not happened. */
export interface Milestones {
  readonly openedAtMs: number;
  /** Somebody was reached for the first time. */
  readonly toldAtMs: number | undefined;
  readonly acknowledgedAtMs: number | undefined;
  /** The first replay was linked, or the last alert had ended: the damage no longer grows. */
  readonly mitigatedAtMs: number | undefined;
  readonly resolvedAtMs: number | undefined;
}

/** Reads the milestones of an incident from its timeline, the oldest entry first. */
export function milestonesOf(openedAtMs: number, entries: readonly TimelineEntry[]): Milestones {
  const first = (isIt: (entry: TimelineEntry) => boolean): number | undefined => entries.find(isIt)?.atMs;
  const resolvedAtMs = entries.findLast(({ kind }) => kind === 'resolved')?.atMs;
  const linkedAtMs = first(({ kind }) => kind === 'replay_linked');
  const quietAtMs = lastQuietMs(entries);
  const mitigations = [linkedAtMs, quietAtMs, resolvedAtMs].filter((atMs) => atMs !== undefined);
  return {
    openedAtMs,
    toldAtMs: first(({ kind }) => kind === 'notified'),
    acknowledgedAtMs: first(({ kind }) => kind === 'acknowledged'),
    mitigatedAtMs: mitigations.length === 0 ? undefined : Math.min(...mitigations),
    resolvedAtMs,
  };
}

/** When the last alert ended and none fired again; undefined while some fire. */
function lastQuietMs(entries: readonly TimelineEntry[]): number | undefined {
  const last = entries.findLast(({ kind }) => kind === 'alerts_changed');
  if (last === undefined || detailsOf(last, 'alerts_changed').firing !== 0) return undefined;
  return last.atMs;
}
