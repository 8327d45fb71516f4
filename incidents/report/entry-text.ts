import { counted, durationText, minuteText, prose } from '../page/text.ts';
import { detailsOf } from '../timeline-details.ts';
import type { NoticeKind, TimelineEntry, TimelineKind } from '../types.ts';

export const NOTICE_WORDS: Readonly<Record<NoticeKind, string>> = {
  page: 'page',
  resolved: 'end',
  status_update_reminder: 'reminder to say how it stands',
  information: 'information',
  nobody_answered: 'notice that nobody answered',
};

type Words<Kind extends TimelineKind> = (details: ReturnType<typeof detailsOf<Kind>>, entry: TimelineEntry) => string;

const step = ({ step: number, loop, round }: { step?: number; loop?: number; round?: number }): string =>
  [`step ${number ?? '?'}`, loop === undefined ? '' : `loop ${loop}`, round === undefined ? '' : `round ${round}`]
    .filter((text) => text !== '')
    .join(', ');

const via = (text: string, details: { via?: string }): string =>
  details.via === undefined ? text : `${text} (${details.via})`;

/** What each kind of entry says, in the past. Words of people are escaped; everything else is ours. */
const WORDS: { readonly [Kind in TimelineKind]: Words<Kind> } = {
  opened: ({ alerts, severity, urgency, previousIncidentId }) =>
    `opened: ${severity ?? 'unknown severity'}, ${urgency ?? 'unknown'} urgency` +
    (alerts === undefined ? '' : `, ${counted(alerts, 'alert')}`) +
    (previousIncidentId === undefined ? '' : `; the one before was ${previousIncidentId}`),
  alerts_changed: ({ firing = 0, resolved = 0 }) =>
    firing === 0 ? `nothing fires any more (${counted(resolved, 'alert')})` : `firing: ${firing}, ended: ${resolved}`,
  flapped: ({ flaps }) => `fired again before it had ended${flaps === undefined ? '' : ` (flap ${flaps})`}`,
  step_begun: (details) => `began ${step(details)}`,
  step_skipped: (details) => `skipped ${step(details)}: ${prose(details.reason ?? 'no reason given')}`,
  shift_empty: ({ schedule = '?' }) => `nobody was on call in ${prose(schedule)}`,
  notified: ({ contact = '?', kind = 'page', bundled = 1 }) =>
    `told ${prose(contact)}: ${NOTICE_WORDS[kind]}${bundled > 1 ? `, one of ${bundled} in one message` : ''}`,
  notice_failed: ({ contact = '?', kind = 'page', code = '?' }) =>
    `could not tell ${prose(contact)}: ${NOTICE_WORDS[kind]} (${prose(code)})`,
  nobody_answered: ({ loops }) => `nobody answered${loops === undefined ? '' : ` in ${counted(loops, 'loop')}`}`,
  acknowledged: (details) => via('acknowledged', details),
  acknowledgement_expired: () => 'the acknowledgement expired; the ladder began again',
  unacknowledged: (details) => via('took the acknowledgement back', details),
  snoozed: (details) => via(`snoozed until ${timeText(details.untilMs)}`, details),
  snooze_ended: () => 'the snooze ended',
  escalated: (details) => via('escalated', details),
  reassigned: (details) => via(`reassigned to ${prose(details.target ?? '?')}`, details),
  noted: (details) => via(`noted: ${prose(details.text ?? '')}`, details),
  suppressed: ({ untilMs }) => `suppressed by maintenance until ${timeText(untilMs)}`,
  maintenance_ended: () => 'the maintenance ended',
  merged: (details) => via(`merged into ${prose(details.intoIncidentId ?? '?')}`, details),
  merged_from: ({ incidentId = '?' }) => `${prose(incidentId)} was merged into this one`,
  replay_linked: (details) => via(`linked replay ${prose(details.replayId ?? '?')}`, details),
  replay_published: ({ replayId = '?' }) => `replay ${prose(replayId)} was published`,
  status_update_due: () => 'asked how it stands',
  page_gathered: ({ durationMs, unavailable = '' }) =>
    `gathered the page${durationMs === undefined ? '' : ` in ${Math.round(durationMs / 100) / 10} s`}` +
    (unavailable === '' ? '' : `; not available: ${prose(unavailable)}`),
  auto_resolved: () => 'ended by itself: nothing was heard of it for long',
  resolved: (details) =>
    via(details.by === 'person' ? 'resolved' : 'resolved: nothing fires any more', details) +
    (details.text === undefined ? '' : `: ${prose(details.text)}`),
};

const timeText = (epochMs: number | undefined): string => (epochMs === undefined ? '?' : `${minuteText(epochMs)} UTC`);

/** One line of a timeline in words. */
export function entryText(entry: TimelineEntry): string {
  const words = WORDS[entry.kind] as Words<TimelineKind>;
  return words(detailsOf(entry, entry.kind), entry);
}

/** How long after the beginning: `+5 min`. */
export const afterText = (openedAtMs: number, atMs: number): string =>
  atMs < openedAtMs ? `−${durationText(openedAtMs - atMs)}` : `+${durationText(atMs - openedAtMs)}`;
