import { count, series } from '../../otel/promql.ts';
import { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { HEARD, PULSE, incidentsOf, tellIncidents } from './alerts/incidents-of.ts';
import type { Pipeline } from './pipeline.ts';
import { until, untilMeasured } from './until.ts';

const TOLD_MS_MAX = 90_000;
const { resolveDuration, nobodyAnswered, flaps, pagesOutsideHours, pagesPerPersonMax, heartbeatsMissed } =
  INCIDENTS_METRICS;
const AWAITED = [
  count(resolveDuration),
  ...[nobodyAnswered, flaps, pagesOutsideHours, pagesPerPersonMax, heartbeatsMissed].map((one) => series(one)),
];

/**
 * What the board of incidents waits for: somebody is woken, answers and resolves an alert that flaps, nobody answers for another one,
 * and a heartbeat stops. Resolves when Prometheus has all of it; the process of incidents goes on.
 */
export async function provokeIncidents(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  const incidents = await incidentsOf(pipeline, signal);
  await must(incidents.ask(`/v1/heartbeats/${PULSE}`, {}));
  await tellIncidents(incidents, 'unheard', 'firing');
  const incidentId = await tellIncidents(incidents, HEARD, 'firing');
  await tellIncidents(incidents, HEARD, 'resolved');
  await tellIncidents(incidents, HEARD, 'firing', new Date().toISOString());
  await until(
    () => 'somebody is told of an incident',
    async () => {
      const view = await must(incidents.ask(`/v1/incidents/${incidentId}`));
      const { timeline } = (await view.json()) as { timeline: { kind: string }[] };
      return timeline.some(({ kind }) => kind === 'notified') ? true : undefined;
    },
    { timeoutMs: TOLD_MS_MAX, signal },
  );
  for (const command of ['acknowledge', 'resolve']) {
    await must(incidents.ask(`/v1/incidents/${incidentId}/${command}`, { by: 'ada' }));
  }
  for (const expression of AWAITED) await untilMeasured(pipeline.prometheus, expression, signal);
}

async function must(asked: Promise<Response>): Promise<Response> {
  const response = await asked;
  if (!response.ok) throw new Error(`the process of incidents answered ${response.status}: ${await response.text()}`);
  return response;
}
