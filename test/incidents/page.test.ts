import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { Client, Connection } from '@temporalio/client';
import { SearchAttributeType, TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type WindowClient, listRunningWindows, startOptions } from '../../activities/client.ts';
import type { PageQuestion } from '../../activities/incidents/contract.ts';
import { createGatherPage } from '../../activities/incidents/gather-page.ts';
import { readExemplars } from '../../activities/incidents/prometheus.ts';
import { windowAt } from '../../activities/window-range.ts';
import { connectTemporal } from '../../bin/temporal.ts';
import { UnmogrowpError } from '../../errors.ts';
import { settingsSchema } from '../../events/settings.ts';
import { fetchTrace } from '../../otel/jaeger.ts';
import { serveMetrics } from '../../otel/metrics.ts';
import { series } from '../../otel/promql.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import { startTelemetry } from '../../otel/start.ts';
import { listIncidentPages } from '../../postgres/incident-pages.ts';
import { saveIncidentAlerts } from '../../postgres/incidents.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { createReplay } from '../../postgres/replays.ts';
import { changeSettings } from '../../postgres/settings.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { type Part, startPart } from '../faults/part.ts';
import { migratedPool } from '../ingest/setup.ts';
import { type ActiveAlert, askLoki, askPrometheus } from '../proofs/ask.ts';
import { writeRuleFiles } from '../proofs/alerts/rule-files.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import { testEnv } from '../support/parts.ts';

/** Rules as in earnest, in a time in which their minutes are seconds. */
const TIME_SCALE = 60;
const FOUND = { timeout: 60_000, interval: 250 } as const;
const TENANT = 'acme-of-a-page';
const HOUR_MS = 3_600_000;
/** Two windows that do not add up, one after the other. */
const FIRST_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 6 * HOUR_MS;
const WRONG = 'credits come to 41.5 and not to 42';

const pool = await migratedPool(testEnv);
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-page-'));
const ends: (() => Promise<unknown>)[] = [() => Promise.resolve(rmSync(directory, { recursive: true, force: true }))];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

let prometheus: Part<'prometheus'>;
let loki: Part<'loki'>;
let windows: WindowClient;
let traceId = '';
let alert: ActiveAlert;
const lokiUrl = (): string => loki.variables['LOKI_URL'] ?? '';
const prometheusUrl = (): string => prometheus.variables['PROMETHEUS_URL'] ?? '';

beforeAll(buildObservers, BUILD_MS_MAX);
beforeAll(async () => {
  writeRuleFiles(join(directory, 'alerts'), { timeScale: TIME_SCALE, withInhibition: true });
  const tuning = { scrapeIntervalMs: 1_000, alertsDirectory: join(directory, 'alerts') };
  loki = await startPart('loki', { directory, tuning });
  ends.push(() => loki.stop());
  const telemetry = startTelemetry({
    service: 'worker',
    environment: 'test',
    level: 'warn',
    endpoint: testEnv.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: 1,
    loki: { url: lokiUrl() },
    declarations: WINDOWS_METRICS,
  });
  ends.push(telemetry.stop);
  const server = await serveMetrics({ host: '127.0.0.1', port: 0, register: telemetry.register });
  ends.push(() => server.close());
  const targets = [{ targets: [`127.0.0.1:${server.port}`], labels: { job: 'worker' } }];
  prometheus = await startPart('prometheus', { directory, tuning, targets });
  ends.push(() => prometheus.stop());
  traceId = failRun(telemetry);
  windows = await startWrongWindows();
  await changeControlData();
  alert = await untilFiring('WindowInconsistent');
  await untilSeen();
}, 600_000);

/** A run that does not add up, seen as the worker's are: a measurement, a failed span and lines of the log, all of one trace. */
function failRun(telemetry: ReturnType<typeof startTelemetry<typeof WINDOWS_METRICS>>): string {
  const { metrics, onError } = telemetry;
  metrics.windows.set({ state: 'inconsistent' }, 2);
  return trace.getTracer('test').startActiveSpan('window.run', (span) => {
    metrics.runs.inc({ outcome: 'inconsistent', reason: 'close' });
    // Loki takes lines that are alike in everything, to the millisecond, for one.
    for (const model of ['linear', 'first_touch', 'time_decay'])
      onError(new UnmogrowpError('run_inconsistent', `${model}: ${WRONG}`));
    span.setStatus({ code: SpanStatusCode.ERROR, message: WRONG });
    span.end();
    return span.spanContext().traceId;
  });
}

/** Workflows of windows that stand where they would after such a run; no worker lets them go on. */
async function startWrongWindows(): Promise<WindowClient> {
  const client = await connectTemporal(testEnv);
  const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
  const start = defineSearchAttributeKey('UnmogrowpWindowStart', SearchAttributeType.DATETIME);
  for (const windowStartMs of [FIRST_MS, FIRST_MS + HOUR_MS]) {
    const handle = await client.temporal.workflow.start('window', {
      ...startOptions(client, windowAt(TENANT, '1h', windowStartMs)),
      typedSearchAttributes: new TypedSearchAttributes([
        { key: keyword('UnmogrowpTenant'), value: TENANT },
        { key: start, value: new Date(windowStartMs) },
        { key: keyword('UnmogrowpWindowState'), value: 'inconsistent' },
      ]),
    });
    ends.push(() => handle.terminate());
  }
  ends.splice(1, 0, () => client.close());
  return client;
}

async function changeControlData(): Promise<void> {
  const settings = settingsSchema.parse({ granularity: '1h' });
  await createTenant(pool, { tenantId: TENANT, settings });
  await changeSettings(pool, TENANT, { lookback_click_seconds: 86_400 });
  await createReplay(pool, {
    replayId: uuidv7(),
    tenantId: TENANT,
    rangeStart: new Date(FIRST_MS),
    rangeEnd: new Date(FIRST_MS + HOUR_MS),
    reason: 'a test',
    requestedBy: 'somebody with a name',
    settings: { kind: 'in_force' },
    asOf: null,
    isDryRun: true,
    concurrency: 1,
    codeVersion: 'test',
  });
}

async function untilFiring(name: string): Promise<ActiveAlert> {
  const { alerts } = askPrometheus(prometheusUrl());
  return vi.waitFor(async () => {
    const found = (await alerts()).find(({ labels, state }) => labels['alertname'] === name && state === 'firing');
    if (found === undefined) throw new Error(`${name} does not fire yet`);
    return found;
  }, FOUND);
}

/** Everything that was begun has arrived where it is looked for. */
async function untilSeen(): Promise<void> {
  await vi.waitFor(async () => {
    const range = { fromMs: Date.now() - HOUR_MS, toMs: Date.now() };
    const expression = series(WINDOWS_METRICS.runs);
    const exemplars = await readExemplars(prometheusUrl(), { expression, ...range }, AbortSignal.timeout(5_000));
    expect(exemplars.map((exemplar) => exemplar.traceId)).toContain(traceId);
    expect(await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId)).toHaveLength(1);
    const lines = await askLoki(lokiUrl()).lines(`{service="worker"} | trace_id="${traceId}"`, range);
    expect(lines).toHaveLength(3);
    const state = { tenantId: TENANT, state: 'inconsistent', fromMs: 0, toMs: Date.now(), limit: 10 };
    expect(await listRunningWindows(windows, state)).toHaveLength(2);
  }, FOUND);
}

const questionOf = (incidentId: string): PageQuestion => ({
  version: 1,
  incidentId,
  workflowId: `incident/${TENANT}/0123456789abcdef`,
  tenant: TENANT,
  title: `${alert.labels['alertname']}: ${alert.annotations['summary']}`,
  severity: 'critical',
  urgency: 'high',
  labels: alert.labels,
  openedAtMs: Date.now(),
  alerts: [{ fingerprint: 'f', status: 'firing', startsAtMs: Date.parse(alert.activeAt) }],
  alertsFiring: 1,
});

describe('a page', () => {
  it('leads from a firing alert to its trace, its log lines, what changed, its windows and the exact replay', async () => {
    const incidentId = uuidv7();
    const errors: unknown[] = [];
    const gatherPage = createGatherPage({
      prometheusUrl: prometheusUrl(),
      loki: { url: lokiUrl() },
      jaegerUrl: testEnv.JAEGER_QUERY_URL,
      postgres: pool,
      windows,
      nowMs: Date.now,
      onError: (thrown) => void errors.push(thrown),
    });
    const { annotations, labels } = alert;
    const told = {
      fingerprint: 'f',
      status: 'firing',
      startsAtMs: Date.parse(alert.activeAt),
      endsAtMs: null,
    } as const;
    await saveIncidentAlerts(pool, incidentId, [{ ...told, labels, annotations }]);
    const { text, unavailable } = await gatherPage(questionOf(incidentId));
    expect(errors).toEqual([]);
    expect(unavailable).toBe('');
    expect(text).toContain('`WindowInconsistent`');
    expect(text).toContain('2 windows are inconsistent');
    expect(text).toContain(annotations['panel_url']);
    expect(text).toContain(`worker window.run: ${WRONG}`);
    expect(text).toContain(new URL(`/trace/${traceId}`, testEnv.JAEGER_QUERY_URL).href);
    expect(text).toContain('- 3 × `worker`: failed (`run_inconsistent`)');
    expect(text).toMatch(/before\): settings of acme-of-a-page, version 2: lookback_click_seconds/);
    expect(text).toMatch(/before\): replay [0-9a-f-]+ of acme-of-a-page, .*: dry run, running/);
    expect(text).toMatch(/: worker started, version \d/);
    expect(text).toContain(`TENANT=${TENANT}`);
    const [from, to] = [FIRST_MS, FIRST_MS + 2 * HOUR_MS].map((ms) => new Date(ms).toISOString().replace('.000Z', 'Z'));
    expect(text).toContain(
      `unmogrowp replay --tenant ${TENANT} --from ${from} --to ${to} --reason 'incident ${incidentId}' --dry-run`,
    );
    expect(text).not.toContain('somebody with a name');
    const [kept] = await listIncidentPages(pool, incidentId, 10);
    expect(kept?.traces).toMatchObject({ state: 'found', value: [{ traceId }] });
    expect(kept?.windows).toMatchObject({ state: 'found', value: { leftOut: 0 } });
  });

  it('finds lines that a person finds by pasting its LogQL', async () => {
    const query = `{level=~"warn|error|fatal"} | trace_id=~"${traceId}"`;
    expect(await askLoki(lokiUrl()).lines(query, { fromMs: Date.now() - HOUR_MS })).toHaveLength(3);
  });

  it.each([
    ['refuses connections', () => Promise.resolve('127.0.0.1:1')],
    ['takes connections and says nothing', startSilentServer],
  ])('is there in time, with what the alert says, when everything %s', async (_, startAway) => {
    const address = await startAway();
    const away = createPostgresPool({ url: `postgres://nobody@${address}/none`, applicationName: 'test' });
    ends.push(() => away.end());
    const connection = Connection.lazy({ address });
    ends.push(() => connection.close());
    const errors: unknown[] = [];
    const gatherPage = createGatherPage({
      prometheusUrl: `http://${address}`,
      loki: { url: `http://${address}` },
      jaegerUrl: `http://${address}`,
      postgres: away,
      windows: { temporal: new Client({ connection }), taskQueue: 'none' },
      nowMs: Date.now,
      onError: (thrown) => void errors.push(thrown),
    });
    const begunAtMs = Date.now();
    const { text, unavailable } = await gatherPage(questionOf(uuidv7()));
    expect(Date.now() - begunAtMs).toBeLessThan(14_000);
    expect(unavailable).toBe('alerts, traces, logs, starts, changes, windows, replay');
    expect(text).toContain('`WindowInconsistent`');
    expect(text).toContain('unmogrowp windows list --state inconsistent');
    expect(text.match(/not available: /g)?.length).toBe(6);
    expect(errors.length).toBeGreaterThanOrEqual(7);
  });
});

/** Behind it is a part that hangs. */
async function startSilentServer(): Promise<string> {
  const server: Server = createServer((socket) => void socket.on('error', () => socket.destroy()));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  ends.push(() => Promise.resolve(server.close()));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
