import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isNews, openIncident, takeAlerts } from '../incidents/state/alerts.ts';
import { takeDelivery } from '../incidents/state/answers.ts';
import { takeCommand, takeMergedFrom, takeReplayPublished } from '../incidents/state/commands.ts';
import { recordOf, waitsFor } from '../incidents/state/describe.ts';
import { hasEnded, lingersUntilMs } from '../incidents/state/end.ts';
import { refusalOf } from '../incidents/state/refusals.ts';
import { nextDueMs, passTime } from '../incidents/state/time.ts';
import type { DeliveryOutcome } from '../incidents/types.ts';
import { beginEffects } from './incident-effects.ts';
import { type IncidentLife, apply, newLife } from './incident-life.ts';
import type {
  AlertsAnswer,
  AlertsMessage,
  CommandAnswer,
  CommandRequest,
  IncidentDescription,
  IncidentInput,
  MergedFrom,
  ReplayPublished,
} from './incident-messages.ts';
import { beginRecording, leaveRecording } from './incident-record.ts';
import { refuse } from './refuse.ts';

const alertsUpdate = defineUpdate<AlertsAnswer, [AlertsMessage]>('alerts');
const commandUpdate = defineUpdate<CommandAnswer, [CommandRequest]>('command');
const deliveredSignal = defineSignal<[DeliveryOutcome]>('delivered');
const replayPublishedSignal = defineSignal<[ReplayPublished]>('replayPublished');
const mergedFromSignal = defineSignal<[MergedFrom]>('mergedFrom');
const describeQuery = defineQuery<IncidentDescription>('describe');

/** A workflow that was begun and told nothing ends after this. */
const UNTOLD_MS_MAX = 10 * 60_000;
/** So long after its end an incident waits for PostgreSQL to take its timeline. */
const UNRECORDED_MS_MAX = 7 * 86_400_000;
/** The server suggests a new history much sooner, and ends a workflow not long after it. */
const HISTORY_EVENTS_MAX = 15_000;

/**
 * An incident from its first alert to its end: it climbs the ladder of its policy until somebody answers, and cannot forget
 * to. What fires when it has ended, before everything is written down, begins the next one of the group.
 */
export async function incident(input: IncidentInput): Promise<void> {
  const life = newLife(input);
  setHandlers(life);
  for (;;) {
    letTimePass(life);
    beginEffects(life);
    beginRecording(life);
    if (isOver(life)) {
      await condition(allHandlersFinished);
      if (isOver(life)) return;
    } else if (isHistoryLong(life) && isIdle(life)) {
      await continueIncident(life);
    } else {
      await somethingHappens(life);
    }
  }
}

function setHandlers(life: IncidentLife): void {
  setHandler(alertsUpdate, (message: AlertsMessage) => takeMessage(life, message));
  setHandler(commandUpdate, (request: CommandRequest) => obey(life, request), {
    validator: (request: CommandRequest) => mayObey(life, request),
  });
  setHandler(deliveredSignal, (outcome) => {
    if (life.state !== null) apply(life, takeDelivery(life.state, outcome, Date.now()));
  });
  setHandler(replayPublishedSignal, ({ replayId }) => {
    if (life.state !== null) apply(life, takeReplayPublished(life.state, replayId, Date.now()));
  });
  setHandler(mergedFromSignal, ({ intoIncidentId, incidentId, actor }) => {
    if (life.state?.opening.incidentId !== intoIncidentId) return;
    apply(life, takeMergedFrom(life.state, { incidentId, actor }, Date.now()));
  });
  setHandler(describeQuery, () => describeLife(life));
}

/** Alerts are of the incident that is open; without one, something has to fire to open the next. */
function takeMessage(life: IncidentLife, { alerts, opening }: AlertsMessage): AlertsAnswer {
  const { state } = life;
  const nowMs = Date.now();
  const isOpen = state !== null && !hasEnded(state);
  const isNew = !isOpen && isNews(state, alerts, nowMs);
  if (isNew) {
    const previousIncidentId = state?.opening.incidentId ?? opening.previousIncidentId;
    apply(life, openIncident({ ...opening, previousIncidentId }, alerts, nowMs));
  } else if (state === null) {
    life.heard += 1;
    return { incidentId: null, status: 'resolved', isNew: false };
  } else {
    apply(life, takeAlerts(state, alerts, nowMs));
  }
  const now = life.state ?? state;
  return { incidentId: now?.opening.incidentId ?? null, status: now?.status ?? 'resolved', isNew };
}

/** Refused before it enters the history, so that whoever asks again is judged again. */
function mayObey({ state }: IncidentLife, { version, incidentId, command }: CommandRequest): void {
  if (version !== 1) throw refuse('incident_refused', 'The worker does not know this form of the command.');
  if (state?.opening.incidentId !== incidentId) throw refuse('incident_refused', 'The incident has ended.');
  const refusal = refusalOf(state, command, Date.now());
  if (refusal !== undefined) throw refuse('incident_refused', refusal);
}

function obey(life: IncidentLife, { incidentId, command }: CommandRequest): CommandAnswer {
  if (life.state === null) throw refuse('incident_refused', 'The incident has ended.');
  const change = takeCommand(life.state, command, Date.now());
  apply(life, change);
  return { incidentId, status: change.state.status };
}

function describeLife({ state, unrecorded }: IncidentLife): IncidentDescription {
  if (state === null) throw refuse('incident_unknown', 'No incident of this group is open.');
  const { firing, alerts, flaps, ladder, acknowledgement, silentUntilMs, mergedInto, replays, notices } = state;
  return {
    version: 1,
    incident: recordOf(state),
    firing,
    resolved: Object.keys(alerts).length - firing,
    flaps,
    ladder,
    waitsFor: waitsFor(state),
    nextDueMs: nextDueMs(state) ?? null,
    acknowledgedBy: acknowledgement?.by ?? null,
    silentUntilMs,
    mergedIntoIncidentId: mergedInto?.incidentId ?? null,
    replays,
    noticesOpen: Object.keys(notices).length,
    entriesUnrecorded: unrecorded.entries.length,
    opening: state.opening,
  };
}

function letTimePass(life: IncidentLife): void {
  if (life.state === null) return;
  const due = nextDueMs(life.state);
  const nowMs = Date.now();
  if (due !== undefined && due <= nowMs) apply(life, passTime(life.state, nowMs));
}

const isIdle = (life: IncidentLife): boolean =>
  life.running === 0 && life.todo.length === 0 && life.state !== null && allHandlersFinished();

/** Nothing is left to do, to hear or to write down; PostgreSQL is waited for, but not without end. */
function isOver(life: IncidentLife): boolean {
  const { state, unrecorded } = life;
  const nowMs = Date.now();
  if (state === null) return life.heard > 0 || nowMs >= life.startedAtMs + UNTOLD_MS_MAX;
  if (state.endedAtMs === null || life.running > 0 || life.todo.length > 0) return false;
  if (nowMs < lingersUntilMs(state)) return false;
  return unrecorded.entries.length === 0 || nowMs >= state.endedAtMs + UNRECORDED_MS_MAX;
}

async function somethingHappens(life: IncidentLife): Promise<void> {
  const { heard } = life;
  const happened = (): boolean => life.heard > heard;
  const wakesAtMs = wakeMs(life);
  if (wakesAtMs === undefined) await condition(happened);
  else await condition(happened, Math.max(1, wakesAtMs - Date.now()));
}

function wakeMs({ state, startedAtMs }: IncidentLife): number | undefined {
  if (state === null) return startedAtMs + UNTOLD_MS_MAX;
  if (state.endedAtMs === null) return nextDueMs(state);
  const lingers = lingersUntilMs(state);
  return Date.now() < lingers ? lingers : state.endedAtMs + UNRECORDED_MS_MAX;
}

function isHistoryLong({ input: { continueAsNewAfterEvents } }: IncidentLife): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > (continueAsNewAfterEvents ?? HISTORY_EVENTS_MAX);
}

async function continueIncident(life: IncidentLife): Promise<void> {
  const { input, state, unrecorded } = life;
  if (state === null) return;
  leaveRecording(life);
  await continueAsNew<typeof incident>({ ...input, carried: { state, unrecorded } });
}
