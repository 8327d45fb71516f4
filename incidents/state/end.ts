import type { IncidentCommand } from '../types.ts';
import { PLATFORM, type Turn, record } from './effects.ts';
import { become } from './ladder.ts';
import { tellPaged } from './notices.ts';
import type { IncidentState } from './state.ts';

/** So long an incident that has ended waits for the outcome of what it has told: all retries, and a throttle in between. */
const OUTCOMES_MS_MAX = 20 * 60_000;

/** Who ended an incident. */
export type Ending =
  | { readonly by: 'source' }
  | { readonly by: 'person'; readonly actor: string; readonly via: IncidentCommand['via']; readonly text?: string };

/** Ends the incident, and tells everybody who was paged. One that was merged stays so. */
export function end(turn: Turn, ending: Ending): void {
  const isMerged = turn.state.status === 'merged';
  become(turn, isMerged ? 'merged' : 'resolved', { endedAtMs: turn.nowMs });
  const { by, actor, ...details } = ending.by === 'person' ? ending : { ...ending, actor: PLATFORM };
  record(turn, 'resolved', { by, ...details }, actor);
  tellPaged(turn, 'resolved', 'resolved');
}

/** Ends the incident because nothing fires any more, if the hold has passed; says whether it did. */
export function endIfQuiet(turn: Turn): boolean {
  const { quietSinceMs, opening } = turn.state;
  if (quietSinceMs === null || quietSinceMs + opening.policy.holdMs > turn.nowMs) return false;
  end(turn, { by: 'source' });
  return true;
}

/** The next message of its group opens a new incident; the one that has ended is only written down. */
export const hasEnded = ({ endedAtMs }: IncidentState): boolean => endedAtMs !== null;

/**
 * Until when an incident that has ended stays to hear what became of its notices, and, where a person resolved what still
 * fires, so that the message that was under way does not open the next one.
 */
export function lingersUntilMs({ endedAtMs, notices, firing, opening }: IncidentState): number {
  const ended = endedAtMs ?? 0;
  const forOutcomes = Object.keys(notices).length > 0 ? OUTCOMES_MS_MAX : 0;
  const forSource = firing > 0 ? opening.policy.holdMs : 0;
  return ended + Math.max(forOutcomes, forSource);
}
