import type { IncidentCommand, Target } from '../types.ts';
import { targetText } from './notices.ts';
import type { IncidentState } from './state.ts';

/** A button that is pressed twice is one escalation. */
const ESCALATION_GAP_MS = 10_000;
export const SNOOZE_MS_MAX = 7 * 86_400_000;
export const NOTE_LENGTH_MAX = 5_000;
const REPLAYS_MAX = 100;

/** Why a command cannot be carried out as things stand, in words; undefined when it can. */
export function refusalOf(state: IncidentState, command: IncidentCommand, nowMs: number): string | undefined {
  if (state.endedAtMs !== null) return 'The incident has ended.';
  const { linkId } = command;
  if (linkId !== undefined && state.usedLinkIds.includes(linkId)) return 'This link has been used.';
  if (state.mergedInto !== null && !['note', 'resolve', 'link_replay'].includes(command.name)) {
    return `The incident has become part of ${state.mergedInto.incidentId}: say it to that one.`;
  }
  return refusalByName(state, command, nowMs);
}

function refusalByName(state: IncidentState, command: IncidentCommand, nowMs: number): string | undefined {
  switch (command.name) {
    case 'acknowledge':
      return state.acknowledgement?.by === command.actor ? 'You have acknowledged it already.' : undefined;
    case 'unacknowledge':
      return state.status === 'acknowledged' ? undefined : `Nobody has acknowledged it: it is ${state.status}.`;
    case 'snooze':
      return refusalOfSnooze(state, command.untilMs, nowMs);
    case 'escalate':
      return refusalOfEscalation(state, nowMs);
    case 'reassign':
      return refusalOfReassignment(state, command.target);
    case 'note':
      return refusalOfNote(command.text);
    case 'resolve':
      return undefined;
    case 'merge':
      return command.intoIncidentId === state.opening.incidentId || command.intoWorkflowId === state.opening.workflowId
        ? 'An incident cannot become part of itself.'
        : undefined;
    case 'link_replay':
      return refusalOfReplay(state, command.replayId);
  }
}

function refusalOfSnooze({ status, silentUntilMs }: IncidentState, untilMs: number, nowMs: number): string | undefined {
  if (untilMs <= nowMs) return 'The end of the snooze has passed.';
  if (untilMs > nowMs + SNOOZE_MS_MAX) return 'A snooze takes a week at most.';
  return status === 'snoozed' && silentUntilMs === untilMs ? 'It is snoozed until then already.' : undefined;
}

function refusalOfEscalation(state: IncidentState, nowMs: number): string | undefined {
  if (state.urgency === 'low') return 'What is of low urgency does not escalate: reassign it to somebody.';
  if (state.firing === 0) return 'Nothing fires any more: it resolves by itself soon.';
  const { escalatedAtMs } = state;
  const isTwice = escalatedAtMs !== null && nowMs - escalatedAtMs < ESCALATION_GAP_MS;
  return refusalInMaintenance(state) ?? (isTwice ? 'It was escalated a moment ago.' : undefined);
}

function refusalOfReassignment(state: IncidentState, target: Target): string | undefined {
  const { reassignedTo } = state;
  const isTwice = reassignedTo !== null && targetText(reassignedTo) === targetText(target);
  return refusalInMaintenance(state) ?? (isTwice ? `${targetText(target)} was told already.` : undefined);
}

function refusalInMaintenance({ status, silentUntilMs }: IncidentState): string | undefined {
  if (status !== 'suppressed' || silentUntilMs === null) return undefined;
  return `It is silent because of maintenance until ${new Date(silentUntilMs).toISOString()}.`;
}

function refusalOfNote(text: string): string | undefined {
  if (text.trim() === '') return 'The note is empty.';
  return text.length > NOTE_LENGTH_MAX ? `A note has ${NOTE_LENGTH_MAX} characters at most.` : undefined;
}

function refusalOfReplay({ replays }: IncidentState, replayId: string): string | undefined {
  if (replays.some((replay) => replay.replayId === replayId)) return 'This replay is linked already.';
  return replays.length >= REPLAYS_MAX ? `${REPLAYS_MAX} replays are linked already.` : undefined;
}
