import type { IncidentCommand, Target } from '../types.ts';
import { type Change, type Turn, changed, record, set } from './effects.ts';
import { end } from './end.ts';
import { become, beginRound, climb, dueAfter, newLadder, nextPosition } from './ladder.ts';
import { notifyBeside, targetText, tellPaged } from './notices.ts';
import { refusalOf } from './refusals.ts';
import type { IncidentState } from './state.ts';

/** Of the links that were pressed, the last so many are remembered: far more than one incident sends in their lifetime. */
const LINKS_MAX = 500;

type Command<Name extends IncidentCommand['name']> = Extract<IncidentCommand, { name: Name }>;

/** Carries out a command. What `refusalOf` refuses changes nothing. */
export function takeCommand(state: IncidentState, command: IncidentCommand, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    if (refusalOf(state, command, nowMs) !== undefined) return;
    const { linkId } = command;
    const usedLinkIds = linkId === undefined ? state.usedLinkIds : [...state.usedLinkIds, linkId].slice(-LINKS_MAX);
    set(turn, { lastMessageAtMs: nowMs, usedLinkIds });
    obey(turn, command);
  });
}

/** A linked replay is published: everybody who was paged hears of it. Any other replay is none of this incident's. */
export function takeReplayPublished(state: IncidentState, replayId: string, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    const isDue = state.replays.some((replay) => replay.replayId === replayId && !replay.isPublished);
    if (!isDue) return;
    const replays = state.replays.map((replay) =>
      replay.replayId === replayId ? { ...replay, isPublished: true } : replay,
    );
    set(turn, { replays });
    record(turn, 'replay_published', { replayId });
    tellPaged(turn, 'replay_published', 'information');
  });
}

/** Another incident has become part of this one. */
export function takeMergedFrom(
  state: IncidentState,
  { incidentId, actor }: { incidentId: string; actor: string },
  nowMs: number,
): Change {
  return changed(state, nowMs, (turn) => record(turn, 'merged_from', { incidentId }, actor));
}

/** The other incident has ended meanwhile: nobody looks after this one, so its ladder is climbed again. */
export function takeMergeFailure(state: IncidentState, nowMs: number): Change {
  return changed(state, nowMs, (turn) => {
    if (state.status !== 'merged' || state.endedAtMs !== null) return;
    set(turn, { mergedInto: null });
    record(turn, 'noted', { text: 'It could not be merged: the other incident has ended. It goes on by itself.' });
    beginRound(turn);
  });
}

function obey(turn: Turn, command: IncidentCommand): void {
  const { actor, via } = command;
  switch (command.name) {
    case 'acknowledge':
      return acknowledge(turn, command);
    case 'unacknowledge':
      record(turn, 'unacknowledged', { via }, actor);
      return beginRound(turn);
    case 'snooze':
      become(turn, 'snoozed', { silentUntilMs: command.untilMs });
      return record(turn, 'snoozed', { via, untilMs: command.untilMs }, actor);
    case 'escalate':
      record(turn, 'escalated', { via }, actor);
      return escalate(turn);
    case 'reassign':
      record(turn, 'reassigned', { via, target: targetText(command.target) }, actor);
      return reassign(turn, command.target);
    case 'note':
      return note(turn, command);
    case 'resolve': {
      const text = command.text === undefined ? {} : { text: command.text };
      return end(turn, { by: 'person', actor, via, ...text });
    }
    case 'merge':
      return merge(turn, command);
    case 'link_replay':
      set(turn, { replays: [...turn.state.replays, { replayId: command.replayId, isPublished: false }] });
      return record(turn, 'replay_linked', { via, replayId: command.replayId }, actor);
  }
}

function acknowledge(turn: Turn, { actor, via }: IncidentCommand): void {
  const { nowMs } = turn;
  const { opening, firstAcknowledgedAtMs } = turn.state;
  const { acknowledgeTimeoutMs, statusUpdateMs } = opening.policy;
  const isFirst = firstAcknowledgedAtMs === null;
  become(turn, 'acknowledged', {
    acknowledgement: {
      by: actor,
      atMs: nowMs,
      expiresAtMs: acknowledgeTimeoutMs === null ? null : nowMs + acknowledgeTimeoutMs,
      remindsAtMs: statusUpdateMs === null ? null : nowMs + statusUpdateMs,
    },
    firstAcknowledgedAtMs: firstAcknowledgedAtMs ?? nowMs,
  });
  record(turn, 'acknowledged', { via, isFirst }, actor);
}

/** The next step now, whatever its place; after the last one the ladder begins anew. */
function escalate(turn: Turn): void {
  const { ladder } = turn.state;
  const isOver = nextPosition(turn.state) === null;
  const next = isOver ? newLadder(ladder.round + 1, { phase: 'climbing', dueMs: null }) : ladder;
  become(turn, 'triggered', { ladder: { ...next, phase: 'climbing', dueMs: null }, escalatedAtMs: turn.nowMs });
  climb(turn);
}

/** The target takes the place of the step that waits, or of the first one where none does. */
function reassign(turn: Turn, target: Target): void {
  const { nowMs, state } = turn;
  const { ladder, status } = state;
  const isClimbing = status === 'triggered' && ladder.phase !== 'over';
  const place = isClimbing ? ladder : newLadder(ladder.round + 1, { phase: 'climbing', dueMs: null });
  const step = Math.max(1, place.step);
  const dueMs = dueAfter(state, step, nowMs);
  become(turn, 'triggered', { ladder: { ...place, step, phase: 'climbing', dueMs }, reassignedTo: target });
  notifyBeside(turn, 'reassigned', 'page', [target]);
}

/** A note says how it stands, which is what a reminder would have asked for. */
function note(turn: Turn, { actor, via, text }: Command<'note'>): void {
  const { acknowledgement, opening } = turn.state;
  const { statusUpdateMs } = opening.policy;
  if (acknowledgement !== null && statusUpdateMs !== null) {
    set(turn, { acknowledgement: { ...acknowledgement, remindsAtMs: turn.nowMs + statusUpdateMs } });
  }
  record(turn, 'noted', { via, text }, actor);
}

function merge(turn: Turn, { actor, via, intoIncidentId, intoWorkflowId }: Command<'merge'>): void {
  become(turn, 'merged', { mergedInto: { incidentId: intoIncidentId, workflowId: intoWorkflowId } });
  record(turn, 'merged', { via, intoIncidentId }, actor);
  turn.effects.push({ kind: 'merge', intoIncidentId, intoWorkflowId, actor });
}
