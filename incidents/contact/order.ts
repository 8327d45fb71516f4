import type { Notice } from '../types.ts';

/** Whether something is asked of whoever reads it. */
export const asksForAnswer = ({ kind }: Notice): boolean =>
  kind === 'page' || kind === 'nobody_answered' || kind === 'status_update_reminder';

/** The smaller, the sooner it has to be seen. */
const rankOf = (notice: Notice): number => (notice.urgency === 'high' ? 0 : 2) + (asksForAnswer(notice) ? 0 : 1);

/**
 * The incidents in the order of the most urgent that is said of each, and what is said of one incident in the order in which
 * it came: nobody reads that something has ended before it has begun.
 */
export function inOrder<Entry extends { readonly notice: Notice }>(entries: readonly Entry[]): Entry[] {
  const ranks = new Map<string, number>();
  for (const { notice } of entries) {
    ranks.set(notice.incidentId, Math.min(rankOf(notice), ranks.get(notice.incidentId) ?? Infinity));
  }
  const groups = Map.groupBy(entries, ({ notice }) => notice.incidentId);
  const rankOfGroup = (id: string): number => ranks.get(id) ?? 0;
  return [...groups]
    .toSorted(([left], [right]) => rankOfGroup(left) - rankOfGroup(right))
    .flatMap(([, group]) => group);
}
