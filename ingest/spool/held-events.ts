import { hourOf } from '../accepted-counts.ts';
import type { HeldEvents, SpooledRecord } from './spool.ts';

/** Counts the events on a spool by tenant and hour of receipt. */
export function createHeldEvents() {
  const held = new Map<string, HeldEvents>();

  function change(records: readonly SpooledRecord[], sign: 1 | -1): void {
    for (const { headers, receivedAt } of records) {
      const tenantId = headers['tenant_id'] ?? '';
      const hourMs = hourOf(receivedAt);
      const name = `${hourMs}/${tenantId}`;
      const events = (held.get(name)?.events ?? 0) + sign * (Number(headers['row_count']) || 0);
      if (events > 0) held.set(name, { tenantId, hourMs, events });
      else held.delete(name);
    }
  }

  return {
    add: (records: readonly SpooledRecord[]): void => change(records, 1),
    remove: (records: readonly SpooledRecord[]): void => change(records, -1),
    list: (): HeldEvents[] => [...held.values()],
  };
}
