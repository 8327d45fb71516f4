import type { ContactReference, NoticeKind, Target } from '../types.ts';
import { type Turn, set } from './effects.ts';
import type { Chain, IncidentState, OpenNotice } from './state.ts';

/** More than that are never open at once, unless contacts do not answer at all. */
const NOTICES_MAX = 200;

/** Has targets told: they are looked up first, because whom a schedule stands for is known only now. */
export function notify(
  turn: Turn,
  notice: { noticeId: string; kind: NoticeKind; targets: readonly Target[]; step?: OpenNotice['step'] },
): void {
  const { noticeId, kind, targets, step = null } = notice;
  open(turn, noticeId, { kind, step, chains: null });
  turn.effects.push({ kind: 'notify', noticeId, targets });
}

/** The same with a number of its own, for what belongs to no step of the ladder. */
export function notifyBeside(turn: Turn, what: string, kind: NoticeKind, targets: readonly Target[]): void {
  notify(turn, { noticeId: nextNoticeId(turn, what), kind, targets });
}

/** Tells everybody who was paged how it went on. */
export function tellPaged(turn: Turn, what: string, kind: NoticeKind): void {
  const { paged } = turn.state;
  if (paged.length === 0) return;
  const noticeId = nextNoticeId(turn, what);
  open(turn, noticeId, { kind, step: null, chains: [] });
  handOver(
    turn,
    noticeId,
    paged.map((contact) => [contact]),
  );
}

/**
 * Hands a notice to the first contact of each chain that has not had it. A contact that stands in several chains gets one
 * message; when it fails, each of them goes on by itself.
 */
export function handOver(turn: Turn, noticeId: string, contacts: readonly (readonly ContactReference[])[]): void {
  for (const chain of contacts) {
    const notice = turn.state.notices[noticeId];
    if (notice === undefined) return;
    const { chains, handedTo, reached } = notice;
    const isAsked = (contact: ContactReference): boolean => chains?.some(({ asked }) => asked === contact) ?? false;
    const index = chain.findIndex((each) => reached.includes(each) || isAsked(each) || !handedTo.includes(each));
    const contact = chain[index];
    if (contact === undefined || reached.includes(contact)) continue;
    const next: Chain = { asked: contact, rest: chain.slice(index + 1) };
    changeNotice(turn, noticeId, { chains: [...(chains ?? []), next] });
    if (isAsked(contact)) continue;
    changeNotice(turn, noticeId, { handedTo: [...handedTo, contact] });
    tell(turn, noticeId, notice, contact);
  }
}

/** Whether a notice still says what is so. */
export function isWanted(state: IncidentState, { kind, round }: OpenNotice): boolean {
  switch (kind) {
    case 'page':
    case 'nobody_answered':
      return state.status === 'triggered' && state.ladder.round === round;
    case 'status_update_reminder':
      return state.status === 'acknowledged';
    case 'resolved':
    case 'information':
      return true;
  }
}

/** Replaces parts of an open notice. */
export function changeNotice(turn: Turn, noticeId: string, parts: Partial<OpenNotice>): void {
  const notice = turn.state.notices[noticeId];
  if (notice !== undefined) set(turn, { notices: { ...turn.state.notices, [noticeId]: { ...notice, ...parts } } });
}

/** Forgets a notice: what is said of it from now on concerns nobody. */
export function closeNotice(turn: Turn, noticeId: string): void {
  const { [noticeId]: _closed, ...notices } = turn.state.notices;
  set(turn, { notices });
}

/** For people: whom a target names. */
export function targetText(target: Target): string {
  switch (target.kind) {
    case 'person':
      return `person:${target.person}`;
    case 'schedule':
      return `schedule:${target.schedule}`;
    case 'channel':
      return `channel:${target.channel}`;
  }
}

function open(turn: Turn, noticeId: string, notice: Pick<OpenNotice, 'kind' | 'step' | 'chains'>): void {
  const { notices, ladder } = turn.state;
  const kept = Object.entries(notices).slice(-(NOTICES_MAX - 1));
  const opened: OpenNotice = {
    ...notice,
    round: ladder.round,
    createdAtMs: turn.nowMs,
    handedTo: [],
    reached: [],
    areOverridesKnown: true,
  };
  set(turn, { notices: { ...Object.fromEntries(kept), [noticeId]: opened } });
}

function tell(turn: Turn, noticeId: string, notice: OpenNotice, contact: ContactReference): void {
  const { opening, paged } = turn.state;
  const isPage = notice.kind === 'page' || notice.kind === 'nobody_answered';
  if (isPage && !paged.includes(contact)) set(turn, { paged: [...paged, contact] });
  turn.effects.push({
    kind: 'tell',
    noticeId,
    noticeKind: notice.kind,
    contact,
    deliveryKey: `${opening.incidentId}/${noticeId}/${contact}`,
    createdAtMs: turn.nowMs,
    caveats: isPage ? caveatsOf(turn.state, notice) : [],
  });
}

function caveatsOf({ ladder }: IncidentState, { areOverridesKnown }: OpenNotice): string[] {
  return [
    ...(ladder.isMaintenanceKnown ? [] : ['Maintenance windows could not be looked up: none was taken into account.']),
    ...(areOverridesKnown ? [] : ['Overrides of the on-call schedule could not be looked up: it counts as written.']),
  ];
}

function nextNoticeId(turn: Turn, what: string): string {
  const number = turn.state.otherNotices + 1;
  set(turn, { otherNotices: number });
  return `${what}/${number}`;
}
