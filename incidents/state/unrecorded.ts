import type { TimelineEntry, TimelineKind } from '../types.ts';
import { PLATFORM } from './effects.ts';

/** So many lines of a timeline wait for the store; they are carried over into the next run of a workflow. */
const UNRECORDED_MAX = 2_000;

/** What can be told as a number. */
const COUNTABLE: ReadonlySet<TimelineKind> = new Set(['notified', 'alerts_changed']);

/** What can be left out when even that is too much: everything but what people did and what became of it. */
const LEFT_OUT = 'leftOut';

/**
 * Lines that wait, and no more of them than fit: of the oldest about notices and changed alerts one line is made that says
 * how many there were. It has the identity of the first of them, so that it is written once too.
 */
export function withinBounds(entries: readonly TimelineEntry[], entriesMax = UNRECORDED_MAX): TimelineEntry[] {
  const surplus = entries.length - entriesMax;
  if (surplus <= 0) return [...entries];
  const summed = entries.filter((entry) => isSummary(entry) || COUNTABLE.has(entry.kind)).slice(0, surplus + 1);
  const [first] = summed;
  // Nothing of it can be told as a number: the oldest go.
  if (first === undefined || summed.length === 1) return entries.slice(surplus);
  const count = summed.reduce((sum, entry) => sum + countOf(entry), 0);
  const others = new Set(summed.slice(1));
  const kept = entries.filter((entry) => !others.has(entry));
  return kept.map((entry) => (entry === first ? summaryOf(first, count) : entry)).slice(-entriesMax);
}

const isSummary = ({ details }: TimelineEntry): boolean => details[LEFT_OUT] !== undefined;

const countOf = ({ details }: TimelineEntry): number => Number(details[LEFT_OUT] ?? 1);

const summaryOf = (first: TimelineEntry, count: number): TimelineEntry => ({
  ...first,
  kind: 'noted',
  actor: PLATFORM,
  details: {
    text: `${count} lines about notices and changed alerts were left out, because the timeline could not be written.`,
    [LEFT_OUT]: count,
  },
});
