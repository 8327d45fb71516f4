import { renderPage } from '../../incidents/page/render.ts';
import type { AlertDetails, Page, PageRequest } from '../../incidents/page/types.ts';
import type { StoredAlert } from '../../incidents/stored.ts';
import { saveIncidentPage } from '../../postgres/incident-pages.ts';
import { findIncidentAlerts } from '../../postgres/incidents.ts';
import type { IncidentActivities, PageQuestion } from './contract.ts';
import { type EnrichDependencies, createEnrich } from './enrich.ts';
import { gather } from './enrich-part.ts';

const STORE_MS_MAX = 2_000;

const PARTS = ['traces', 'logs', 'starts', 'changes', 'windows', 'runbook', 'replay'] as const;

/** Makes the activity that gathers a page, keeps it for the report, and writes it as a text. It never fails. */
export function createGatherPage(dependencies: EnrichDependencies): IncidentActivities['gatherPage'] {
  const { postgres, nowMs, onError } = dependencies;
  const enrich = createEnrich(dependencies);

  return async function gatherPage(question) {
    const begunAtMs = nowMs();
    const fingerprints = question.alerts.map(({ fingerprint }) => fingerprint);
    const stored = await gather(
      STORE_MS_MAX,
      () => findIncidentAlerts(postgres, question.incidentId, fingerprints),
      onError,
    );
    const page = await enrich(requestOf(question, stored.state === 'found' ? stored.value : []));
    await gather(STORE_MS_MAX, () => saveIncidentPage(postgres, page), onError);
    const missing = stored.state === 'found' ? [] : ['alerts'];
    return {
      text: renderPage(page).text,
      durationMs: nowMs() - begunAtMs,
      unavailable: [...missing, ...unavailableParts(page)].join(', '),
    };
  };
}

/** What the store knows of each alert, and of what it does not know what all of them have in common. */
function requestOf(question: PageQuestion, stored: readonly StoredAlert[]): PageRequest {
  const { incidentId, tenant, title, severity, urgency, openedAtMs, alerts, alertsFiring, labels } = question;
  const known = new Map(stored.map((alert) => [alert.fingerprint, alert]));
  const told = alerts.map((alert): AlertDetails => {
    const details = known.get(alert.fingerprint);
    return {
      ...alert,
      labels: details?.labels ?? labels,
      annotations: details?.annotations ?? {},
      ...(details === undefined || details.generator_url === '' ? {} : { generatorUrl: details.generator_url }),
    };
  });
  return { incidentId, tenant, title, severity, urgency, openedAtMs, alerts: told, alertsFiring };
}

const unavailableParts = (page: Page): string[] => PARTS.filter((name) => page[name]?.state === 'unavailable');
