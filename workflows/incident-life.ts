import { ActivityFailure, ApplicationFailure, type CancellationScope, isCancellation } from '@temporalio/workflow';
import { recordOf } from '../incidents/state/describe.ts';
import type { Change, Effect } from '../incidents/state/effects.ts';
import type { IncidentState } from '../incidents/state/state.ts';
import { withinBounds } from '../incidents/state/unrecorded.ts';
import type { IncidentInput, Unrecorded } from './incident-messages.ts';

/** The code of what nobody has answered in time. */
export const TIMED_OUT = 'temporal_unavailable';

/** Everything that changes while an incident lives; made anew for every execution, never shared between them. */
export interface IncidentLife {
  readonly input: IncidentInput;
  /** Null before the first message. */
  state: IncidentState | null;
  /** What has to be done and nobody has begun. */
  todo: Effect[];
  /** How much of it is under way. */
  running: number;
  unrecorded: Unrecorded;
  recording: CancellationScope | null;
  /** Pages that are being gathered or were, by their notices. */
  pages: Map<string, Promise<string>>;
  readonly startedAtMs: number;
  /** Grows with everything that happens, so that a wait can end. */
  heard: number;
}

/** The life of an incident, from nothing or from what the run before has left. */
export function newLife(input: IncidentInput): IncidentLife {
  return {
    input,
    state: input.carried?.state ?? null,
    todo: [],
    running: 0,
    unrecorded: input.carried?.unrecorded ?? { entries: [], incidents: {} },
    recording: null,
    pages: new Map(),
    startedAtMs: Date.now(),
    heard: 0,
  };
}

/** Takes over a change; what follows from it is done by whoever comes next, in its order. */
export function apply(life: IncidentLife, { state, effects }: Change): void {
  life.state = state;
  life.heard += 1;
  const entries = effects.flatMap((effect) => (effect.kind === 'record' ? [effect.entry] : []));
  life.todo.push(...effects.filter(({ kind }) => kind !== 'record'));
  if (entries.length > 0) life.unrecorded = withEntries(life.unrecorded, entries, state);
}

function withEntries(
  { entries, incidents }: Unrecorded,
  more: Unrecorded['entries'],
  state: IncidentState,
): Unrecorded {
  const kept = withinBounds([...entries, ...more]);
  const known = { ...incidents, [state.opening.incidentId]: recordOf(state) };
  const isWaiting = (incidentId: string): boolean => kept.some((entry) => entry.incidentId === incidentId);
  return { entries: kept, incidents: Object.fromEntries(Object.entries(known).filter(([id]) => isWaiting(id))) };
}

/**
 * The result of an activity, or the code with which it failed for good: an incident goes on without it. Throws what is no
 * failure of an activity.
 */
export async function withoutFailing<Result>(work: Promise<Result>): Promise<Result | { failure: string }> {
  try {
    return await work;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    return { failure: (cause instanceof ApplicationFailure ? cause.type : undefined) ?? TIMED_OUT };
  }
}

/** What runs beside the main line of a workflow ends with it. */
export function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
