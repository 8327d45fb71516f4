import type { HeldEvents } from './spool/spool.ts';

/** Events that one process has accepted for a tenant in an hour of receipt, since it was started. */
export interface AcceptedEvents {
  tenantId: string;
  hourMs: number;
  events: number;
}

export interface AcceptedCounts {
  /** Counts the events of one request: one look into a map and one addition. */
  add(tenantId: string, receivedAt: number, events: number): void;
  /** What was counted since the last call; whole counts, so that telling them twice changes nothing. */
  takeChanged(): AcceptedEvents[];
  /** Says that what was taken was not told: it comes again. */
  giveBack(untold: readonly AcceptedEvents[]): void;
}

const HOUR_MS = 3_600_000;
/** Requests that take long end in an hour that is over; older ones are not counted any more. */
const KEPT_MS = 6 * HOUR_MS;

/** The hour in which a moment lies. */
export const hourOf = (epochMs: number): number => epochMs - (epochMs % HOUR_MS);

interface Entry extends AcceptedEvents {
  isChanged: boolean;
}

/** Counts accepted events for the ledger, which compares them with what arrives. */
export function createAcceptedCounts(): AcceptedCounts {
  const current = new Map<string, Entry>();
  let entries: Entry[] = [];

  function entryOf(tenantId: string, hourMs: number): Entry {
    let entry = entries.find((one) => one.tenantId === tenantId && one.hourMs === hourMs);
    if (entry === undefined) {
      entry = { tenantId, hourMs, events: 0, isChanged: false };
      entries = entries.filter((one) => one.isChanged || one.hourMs > hourMs - KEPT_MS);
      entries.push(entry);
    }
    current.set(tenantId, entry);
    return entry;
  }

  function add(tenantId: string, receivedAt: number, events: number): void {
    let entry = current.get(tenantId);
    if (entry === undefined || receivedAt < entry.hourMs || receivedAt >= entry.hourMs + HOUR_MS) {
      entry = entryOf(tenantId, hourOf(receivedAt));
    }
    entry.events += events;
    entry.isChanged = true;
  }

  function takeChanged(): AcceptedEvents[] {
    const changed = entries.filter(({ isChanged }) => isChanged);
    for (const entry of changed) entry.isChanged = false;
    return changed.map(({ tenantId, hourMs, events }) => ({ tenantId, hourMs, events }));
  }

  function giveBack(untold: readonly AcceptedEvents[]): void {
    for (const { tenantId, hourMs } of untold) entryOf(tenantId, hourMs).isChanged = true;
  }

  return { add, takeChanged, giveBack };
}

/** What a process tells of its counts: what it accepted, and what of it lies on its spool at the same moment. */
export interface CountReport {
  accepted: readonly AcceptedEvents[];
  held: readonly HeldEvents[];
}
