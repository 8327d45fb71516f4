import type { GatheredPage } from '../activities/incidents/contract.ts';
import { firingAlerts } from '../incidents/state/alerts.ts';
import { isNoticeWanted, takeDelivery, takePage, takeTargets, takeWithdrawal } from '../incidents/state/answers.ts';
import { takeMergeFailure } from '../incidents/state/commands.ts';
import type { Change, Effect } from '../incidents/state/effects.ts';
import { takeMaintenance } from '../incidents/state/ladder.ts';
import type { IncidentState } from '../incidents/state/state.ts';
import type { Notice, NoticeKind } from '../incidents/types.ts';
import { findMaintenance, gatherPage, resolveTargets, signalIncident, tellContact } from './incident-activities.ts';
import { type IncidentLife, apply, ignoreCancellation, withoutFailing } from './incident-life.ts';

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

/** Alerts that a page is gathered for. */
const PAGE_ALERTS_MAX = 100;
const PAGES_KEPT = 20;
/** What somebody is to act upon. */
const WITH_PAGE: ReadonlySet<NoticeKind> = new Set(['page', 'nobody_answered']);

/** Begins everything that has to be done; the answers come back into the state. */
export function beginEffects(life: IncidentLife): void {
  for (const effect of life.todo.splice(0)) {
    if (life.state === null) continue;
    life.running += 1;
    void carryOut(life, effect, life.state.opening.incidentId)
      .catch(ignoreCancellation)
      .finally(() => {
        life.running -= 1;
        life.heard += 1;
      });
  }
}

async function carryOut(life: IncidentLife, effect: Effect, incidentId: string): Promise<void> {
  const answer = answerer(life, incidentId);
  switch (effect.kind) {
    case 'ask_maintenance':
      return askMaintenance(life, effect, answer);
    case 'notify':
      return lookUp(life, effect, answer);
    case 'tell':
      return tell(life, effect, answer);
    case 'merge':
      return merge(life, effect, answer);
    case 'record':
  }
}

type Answer = (change: (state: IncidentState, nowMs: number) => Change) => void;

/** What was asked for an incident concerns no other one, and the next of the group may be open by now. */
function answerer(life: IncidentLife, incidentId: string): Answer {
  return (change) => {
    if (life.state?.opening.incidentId === incidentId) apply(life, change(life.state, Date.now()));
  };
}

async function askMaintenance(life: IncidentLife, { round }: Of<'ask_maintenance'>, answer: Answer): Promise<void> {
  if (life.state === null) return;
  const { tenant, severity, labels } = life.state.opening;
  const found = await withoutFailing(findMaintenance({ version: 1, tenant, severity, labels, atMs: Date.now() }));
  answer((state, nowMs) => takeMaintenance(state, round, 'failure' in found ? null : found, nowMs));
}

async function lookUp(life: IncidentLife, { noticeId, targets }: Of<'notify'>, answer: Answer): Promise<void> {
  if (life.state === null) return;
  const { urgency, opening } = life.state;
  const named = new Set(targets.flatMap((target) => (target.kind === 'schedule' ? [target.schedule] : [])));
  const schedules = Object.fromEntries(Object.entries(opening.policy.schedules).filter(([id]) => named.has(id)));
  const found = await withoutFailing(resolveTargets({ version: 1, targets, urgency, schedules, atMs: Date.now() }));
  answer((state, nowMs) => takeTargets(state, noticeId, 'failure' in found ? null : found, nowMs));
}

async function tell(life: IncidentLife, effect: Of<'tell'>, answer: Answer): Promise<void> {
  if (life.state === null) return;
  const { opening } = life.state;
  const { noticeId, contact, deliveryKey } = effect;
  const text = WITH_PAGE.has(effect.noticeKind) ? await pageOf(life, noticeId, answer) : '';
  // While it was gathered somebody may have acknowledged.
  const { state } = life;
  if (state?.opening.incidentId !== opening.incidentId) return;
  if (!isNoticeWanted(state, noticeId)) {
    return answer((now, nowMs) => takeWithdrawal(now, { noticeId, contact }, nowMs));
  }
  const told = await withoutFailing(tellContact({ version: 1, contact, notice: noticeOf(state, effect, text) }));
  if (told === undefined) return;
  const failed = { deliveryKey, contact, outcome: 'failed', code: told.failure, bundled: 0 } as const;
  answer((now, nowMs) => takeDelivery(now, { ...failed, atMs: nowMs }, nowMs));
}

function noticeOf({ opening, urgency }: IncidentState, effect: Of<'tell'>, text: string): Notice {
  const { incidentId, workflowId, tenant, severity, title } = opening;
  const { deliveryKey, noticeKind: kind, createdAtMs, caveats } = effect;
  const whole = [...caveats, text].filter((part) => part !== '').join('\n\n');
  return { deliveryKey, kind, incidentId, workflowId, tenant, urgency, severity, title, text: whole, createdAtMs };
}

/** The same page for everybody who is told at once. */
function pageOf(life: IncidentLife, noticeId: string, answer: Answer): Promise<string> {
  const key = `${life.state?.opening.incidentId ?? ''}/${noticeId}`;
  const known = life.pages.get(key);
  if (known !== undefined) return known;
  const page = gather(life, answer);
  life.pages = new Map([...life.pages, [key, page] as const].slice(-PAGES_KEPT));
  return page;
}

/** A page is sent without what could not be gathered in time. */
async function gather({ state }: IncidentLife, answer: Answer): Promise<string> {
  if (state === null) return '';
  const { incidentId, workflowId, tenant, title, severity, labels } = state.opening;
  const { urgency, openedAtMs, firing } = state;
  const of = { incidentId, workflowId, tenant, title, severity, labels, urgency, openedAtMs };
  const alerts = firingAlerts(state, PAGE_ALERTS_MAX);
  const beganAtMs = Date.now();
  const page = await withoutFailing(gatherPage({ version: 1, ...of, alerts, alertsFiring: firing }));
  const { text, durationMs, unavailable } = 'failure' in page ? nothingFound(beganAtMs) : page;
  answer((now, nowMs) => takePage(now, { durationMs, unavailable }, nowMs));
  return text;
}

const nothingFound = (beganAtMs: number): GatheredPage => ({
  text: '',
  durationMs: Date.now() - beganAtMs,
  unavailable: 'page',
});

async function merge(life: IncidentLife, effect: Of<'merge'>, answer: Answer): Promise<void> {
  if (life.state === null) return;
  const { intoIncidentId, intoWorkflowId, actor } = effect;
  const { incidentId } = life.state.opening;
  const told = await withoutFailing(signalIncident({ version: 1, intoIncidentId, intoWorkflowId, incidentId, actor }));
  if (told !== undefined) answer(takeMergeFailure);
}
