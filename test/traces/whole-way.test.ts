import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TraceSpan, fetchTrace } from '../../otel/jaeger.ts';
import { SPANS } from '../../otel/registry/spans.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { startIngest } from '../ingest/ingest-process.ts';
import { click, post } from '../ingest/setup.ts';
import { testEnv, testVariables } from '../support/parts.ts';

const ARRIVED = { timeout: 40_000, interval: 250 };
const CLIENT_SPAN = '00f067aa0ba902b7';
const ends: (() => Promise<unknown>)[] = [];
let url: string;
let key: string;

beforeAll(async () => {
  await run('bin/unmogrowp.ts', ['migrate']);
  const pool = createPostgresPool({ url: testEnv.POSTGRES_URL, applicationName: 'test' });
  key = (await createTenant(pool, { tenantId: 'whole-way' })).write_key;
  await pool.end();
  const ingest = await startIngest('node');
  ends.push(() => ingest.end('SIGTERM'));
  url = ingest.url;
  // One request's events make one insert only if they are not parted by a wait that is too short for this machine.
  await Promise.all([startProcess('bin/sink.ts', { SINK_BATCH_WAIT_MS: '1000' }), startProcess('bin/worker.ts')]);
});
afterAll(() => Promise.all(ends.map((end) => end())));

/** Runs a program to its end. */
async function run(program: string, parameters: string[]): Promise<void> {
  const child = spawnProgram(program, parameters);
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code, program).toBe(0);
}

/** Starts a process of the platform and waits until it says that it is ready. */
async function startProcess(program: string, variables: Record<string, string> = {}): Promise<void> {
  const child = spawnProgram(program, [], variables);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  ends.push(() => {
    child.kill('SIGTERM');
    return exit;
  });
  const lines = createInterface({ input: child.stdout });
  await Promise.race([
    new Promise<void>((resolve) => lines.on('line', (line) => line.includes('"metrics"') && resolve())),
    exit.then(([code]) => Promise.reject(new Error(`${program} ended with ${String(code)}`))),
  ]);
}

function spawnProgram(program: string, parameters: string[], variables: Record<string, string> = {}) {
  const path = fileURLToPath(new URL(`../../${program}`, import.meta.url));
  return spawn(process.execPath, [path, ...parameters], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Sends one event in a trace that the client samples; gives the id of the trace. */
async function send(user: string): Promise<string> {
  const traceId = randomUUID().replaceAll('-', '');
  const answer = await post(url, key, { events: [click(user)] }, { traceparent: `00-${traceId}-${CLIENT_SPAN}-01` });
  expect(answer).toMatchObject({ status: 202, body: { trace_id: traceId } });
  return traceId;
}

const spansOf = async (traceId: string): Promise<TraceSpan[]> =>
  (await fetchTrace(testEnv.JAEGER_QUERY_URL, traceId)) ?? [];
const namesOf = async (traceId: string): Promise<string[]> => (await spansOf(traceId)).map(({ name }) => name);

/** From a span up to the one of the client: `service name` of each. */
function wayUp(spans: readonly TraceSpan[], from: TraceSpan | undefined): string[] {
  if (from === undefined) return [];
  const parent = spans.find(({ spanId }) => spanId === from.parentSpanId);
  const above = parent === undefined ? [from.parentSpanId ?? ''] : wayUp(spans, parent);
  return [`${from.service} ${from.name}`, ...above];
}

/** What a span says that the registry does not know. */
function undeclaredAttributes({ name, attributes }: TraceSpan): string[] {
  const declared = Object.values(SPANS).find((span) => span.name === name) ?? SPANS.clickhouseQuery;
  const names: readonly string[] = declared.attributes;
  return Object.keys(attributes).filter((attribute) => !names.includes(attribute));
}

it('one trace leads from the HTTP request through Kafka and the sink into the ClickHouse server', async () => {
  const user = `secret-${randomUUID()}`;
  const traceId = await send(user);
  const wayOfQuery = async () => {
    const spans = await spansOf(traceId);
    return wayUp(
      spans,
      spans.find(({ name }) => name === 'query'),
    );
  };
  await expect
    .poll(wayOfQuery, ARRIVED)
    .toEqual([
      'clickhouse query',
      'clickhouse HTTPHandler',
      'sink insert_events',
      'sink sink.insert',
      'ingest kafka.produce',
      'ingest ingest.request',
      CLIENT_SPAN,
    ]);
  const spans = await spansOf(traceId);
  expect(spans.filter(({ service }) => service !== 'clickhouse').flatMap(undeclaredAttributes)).toEqual([]);
  const text = JSON.stringify(spans, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(text).not.toContain(user);
});

it('requests that share an insert have a span each, and all but the first link to the one that did it', async () => {
  const user = `user-${randomUUID()}`;
  const traceIds = await Promise.all(Array.from({ length: 5 }, () => send(user)));
  await expect
    .poll(
      async () => (await Promise.all(traceIds.map(namesOf))).filter((names) => names.includes('sink.insert')),
      ARRIVED,
    )
    .toHaveLength(5);
  const inserts = (await Promise.all(traceIds.map(spansOf))).map((spans) =>
    spans.find(({ name }) => name === 'sink.insert'),
  );
  const leading = inserts.filter((insert) => insert?.links.length === 0).map((insert) => insert?.spanId);
  const linked = inserts.flatMap((insert) => insert?.links.map(({ spanId }) => spanId) ?? []);
  expect(leading.length).toBeLessThan(5);
  expect(linked.length).toBe(5 - leading.length);
  for (const spanId of linked) expect(leading).toContain(spanId);
});
