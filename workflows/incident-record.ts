import { CancellationScope, sleep } from '@temporalio/workflow';
import type { TimelineEntry } from '../incidents/types.ts';
import { recordEntries } from './incident-activities.ts';
import { type IncidentLife, TIMED_OUT, ignoreCancellation, withoutFailing } from './incident-life.ts';

const ENTRIES_AT_ONCE = 200;
/** After what no retry mends: somebody has to mend it first. */
const REFUSED_RETRY = '5 minutes';

/** Writes down what waits for it, beside everything else: nobody waits for the store. */
export function beginRecording(life: IncidentLife): void {
  if (life.recording !== null || life.unrecorded.entries.length === 0) return;
  const scope = new CancellationScope();
  life.recording = scope;
  void scope
    .run(() => recordAll(life))
    .catch(ignoreCancellation)
    .finally(() => {
      life.recording = null;
      life.heard += 1;
    });
}

/** Leaves off; what was not written down goes over into the next run, where writing it twice is writing it once. */
export function leaveRecording(life: IncidentLife): void {
  life.recording?.cancel();
}

async function recordAll(life: IncidentLife): Promise<void> {
  for (;;) {
    const entries = nextEntries(life);
    const incident = life.unrecorded.incidents[entries[0]?.incidentId ?? ''];
    if (incident === undefined) return;
    const written = await withoutFailing(recordEntries({ version: 1, incident, entries }));
    if (written === undefined) forget(life, entries);
    else if (written.failure !== TIMED_OUT) await sleep(REFUSED_RETRY);
  }
}

/** The oldest that wait, of one incident. */
function nextEntries({ unrecorded: { entries } }: IncidentLife): TimelineEntry[] {
  const incidentId = entries[0]?.incidentId;
  return entries.filter((entry) => entry.incidentId === incidentId).slice(0, ENTRIES_AT_ONCE);
}

function forget(life: IncidentLife, written: readonly TimelineEntry[]): void {
  const ids = new Set(written.map(({ entryId }) => entryId));
  const { entries, incidents } = life.unrecorded;
  life.unrecorded = { entries: entries.filter(({ entryId }) => !ids.has(entryId)), incidents };
}
