import { setTimeout as wait } from 'node:timers/promises';
import { toUnmogrowpError } from '../../errors.ts';
import type { IncidentView, ShownEntry } from '../../incidents/http/answers.ts';
import { printLine, printProgress } from '../output.ts';
import type { IncidentApi } from './api.ts';
import { entryLine } from './view-text.ts';

const POLL_MS = 1_000;

/**
 * Shows every line of the timeline as it comes, until the incident has ended. What does not answer in between is said once and
 * waited for. Throws `interrupted` when the signal aborts.
 */
export async function watchIncident(
  api: Pick<IncidentApi, 'view'>,
  incidentId: string,
  options: { json: boolean; signal: AbortSignal; pollMs?: number },
): Promise<IncidentView> {
  const { json, signal, pollMs = POLL_MS } = options;
  const seen = new Set<string>();
  let said = '';
  const say = (text: string): void => {
    if (text !== said && text !== '') printProgress(text);
    said = text;
  };
  const show = (view: IncidentView, entry: ShownEntry): void => {
    if (seen.has(entry.entry_id)) return;
    seen.add(entry.entry_id);
    printLine(json ? JSON.stringify(entry) : entryLine(view.incident, entry));
  };
  for (;;) {
    signal.throwIfAborted();
    const view = await viewOrReason(api, incidentId);
    if (typeof view === 'string') say(view);
    else {
      for (const entry of view.timeline) show(view, entry);
      if (hasEnded(view)) return view;
      say(view.unavailable.length > 0 ? `No answer from ${view.unavailable.join(' and ')}.` : waitsFor(view));
    }
    await wait(pollMs, undefined, { signal }).catch(() => {});
  }
}

/** The view, or why there is none now. */
async function viewOrReason(api: Pick<IncidentApi, 'view'>, incidentId: string): Promise<IncidentView | string> {
  try {
    return await api.view(incidentId);
  } catch (thrown) {
    const error = toUnmogrowpError(thrown);
    if (!error.retryable) throw error;
    return error.message;
  }
}

/** Ended, and all that happened is written down. */
const hasEnded = ({ incident, live, timeline }: IncidentView): boolean =>
  incident.resolved_at !== null &&
  (live?.entries_unrecorded ?? 0) === 0 &&
  timeline.some(({ kind }) => kind === 'resolved');

const waitsFor = ({ live }: IncidentView): string => (live === null ? '' : `Waits for ${live.waits_for}.`);
