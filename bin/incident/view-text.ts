import type { IncidentView, ShownEntry, ShownIncident } from '../../incidents/http/answers.ts';
import { afterText, entryText } from '../../incidents/report/entry-text.ts';
import { printFacts, printLine, printProgress, printTable } from '../output.ts';

const ALERTS_SHOWN_MAX = 10;

/** Incidents as a table. */
export function printIncidents(incidents: readonly ShownIncident[]): void {
  printTable(
    ['incident', 'status', 'severity', 'urgency', 'tenant', 'opened', 'what'],
    incidents.map((one) => [
      one.incident_id,
      one.status,
      one.severity,
      one.urgency,
      one.tenant_id,
      minuteOf(one.opened_at),
      one.title,
    ]),
  );
}

/** Everything about one incident. */
export function printView(view: IncidentView): void {
  const { incident, live, timeline, alerts } = view;
  printFacts([
    ['incident', incident.incident_id],
    ['what', incident.title],
    ['status', statusOf(view)],
    ['waits for', live?.waits_for ?? ''],
    ['severity', `${incident.severity}, ${incident.urgency} urgency`],
    ['tenant', incident.tenant_id],
    ['opened', minuteOf(incident.opened_at)],
    ['acknowledged', minuteOf(incident.acknowledged_at)],
    ['resolved', minuteOf(incident.resolved_at)],
    ['alerts', live === null ? '' : `${live.firing} firing, ${live.resolved} resolved, ${live.flaps} fired again`],
    ['became part of', live?.merged_into_incident_id ?? ''],
    [
      'replays',
      live?.replays.map((one) => `${one.replay_id}${one.is_published ? ', published' : ''}`).join('; ') ?? '',
    ],
    ['before', incident.previous_incident_id ?? ''],
    ['policy', incident.policy_version],
    ['workflow', incident.workflow_id],
  ]);
  if (alerts.length > 0) {
    printLine();
    printTable(
      ['alert', 'status', 'since', 'labels'],
      alerts
        .slice(0, ALERTS_SHOWN_MAX)
        .map(({ labels, status, starts_at: since }) => [
          labels['alertname'] ?? '',
          status,
          minuteOf(since),
          labelsText(labels),
        ]),
    );
    if (alerts.length > ALERTS_SHOWN_MAX)
      printProgress(`and ${alerts.length - ALERTS_SHOWN_MAX} more: --json shows them`);
  }
  if (timeline.length > 0) printLine();
  for (const entry of timeline) printLine(entryLine(incident, entry));
  tellUnavailable(view.unavailable);
  if ((live?.entries_unrecorded ?? 0) > 0) {
    printProgress(`${live?.entries_unrecorded} lines of the timeline wait for PostgreSQL`);
  }
}

/** One line of the timeline: when, how long after the beginning, what, and who. */
export function entryLine(incident: Pick<ShownIncident, 'opened_at'>, entry: ShownEntry): string {
  const atMs = Date.parse(entry.at);
  const { entry_id: entryId, incident_id: incidentId, kind, actor, details } = entry;
  const words = plain(entryText({ entryId, incidentId, atMs, kind, actor, details }));
  const after = afterText(Date.parse(incident.opened_at), atMs);
  return `${entry.at.slice(0, 19).replace('T', ' ')}  ${after.padStart(8)}  ${words}${actor === 'platform' ? '' : `  (${actor})`}`;
}

/** What did not answer is said beside what did. */
export function tellUnavailable(names: readonly string[]): void {
  if (names.length > 0) printProgress(`Something may be missing here: no answer from ${names.join(' and ')}.`);
}

function statusOf({ incident, live }: IncidentView): string {
  const by = live?.acknowledged_by;
  const until = live?.silent_until;
  return `${incident.status}${by ? ` by ${by}` : ''}${until ? ` until ${minuteOf(until)}` : ''}`;
}

/** Reports are Markdown, terminals are not. */
const plain = (text: string): string => text.replaceAll(/\\(?=[\\`*[\]<>~|_#+=-])/g, '');

const minuteOf = (time: string | null): string => (time === null ? '' : `${time.slice(0, 16).replace('T', ' ')} UTC`);

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .filter(([name]) => name !== 'alertname' && name !== 'severity')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
