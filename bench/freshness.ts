import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouse } from '../clickhouse/client.ts';
import { type BenchOptions, type BenchReport, formatCount, formatNumber } from './bench.ts';
import { cpuSeconds, stopChild } from './child.ts';
import { openDatabase, select, startSink } from './clickhouse.ts';
import { buildRequests, createBenchTenant, startIngest } from './ingest.ts';
import { drive, quantile } from './load.ts';
import { type BenchParts, TRACED_SHARE, createTopics, startBenchParts } from './parts.ts';

const EVENTS_PER_SECOND = 5_000;
const EVENTS_PER_REQUEST = 100;
const CONNECTIONS = 8;
const PROBE_INTERVAL_MS = 50;
const LOOK_INTERVAL_MS = 50;
const LATENCY_MS_GOAL = 1_000;
/** What stays away for longer is lost, not late. */
const GIVE_UP_MS = 30_000;

/** How long an accepted event takes until a query finds it, under a steady load. */
export async function benchFreshness(options: BenchOptions): Promise<BenchReport> {
  const parts = await startBenchParts(['clickhouse', 'kafka', 'postgres', 'jaeger']);
  try {
    const { env, variables } = parts;
    await createTopics(
      env,
      ['events', 'dead-letters'].map((name) => `${env.KAFKA_PREFIX}${name}`),
    );
    const clickhouse = await openDatabase(env);
    const probeTenant = `${env.CLICKHOUSE_DATABASE}_probe`;
    const loadKey = await createBenchTenant(parts, env.CLICKHOUSE_DATABASE);
    const probeKey = await createBenchTenant(parts, probeTenant);
    const sink = await startSink(variables);
    const ingest = await startIngest(parts);
    try {
      const pids = { ingest: ingest.pid, sink: sink.child.pid, ClickHouse: parts.pidOf('clickhouse') };
      return await measure({ parts, clickhouse, port: ingest.port, pids, loadKey, probeTenant, probeKey, options });
    } finally {
      await Promise.all([ingest, sink].map(({ child }) => stopChild(child)));
      await clickhouse.close();
    }
  } finally {
    await parts.stop();
  }
}

interface Setting {
  readonly parts: BenchParts;
  readonly clickhouse: ClickHouse;
  readonly port: number;
  readonly pids: Readonly<Record<string, number | undefined>>;
  readonly loadKey: string;
  readonly probeTenant: string;
  readonly probeKey: string;
  readonly options: BenchOptions;
}

async function measure(setting: Setting): Promise<BenchReport> {
  const { parts, port, pids, options } = setting;
  const load = {
    host: '127.0.0.1',
    port,
    requests: buildRequests({ eventsPerRequest: EVENTS_PER_REQUEST }, setting.loadKey),
    connections: CONNECTIONS,
    requestsPerSecond: EVENTS_PER_SECOND / EVENTS_PER_REQUEST,
  };
  await drive({ ...load, durationMs: options.quick ? 2_000 : 10_000 });
  const durationMs = options.quick ? 5_000 : 60_000;
  const cpuBefore = cpuOf(pids);
  const [result, latenciesMs] = await Promise.all([drive({ ...load, durationMs }), probe(setting, durationMs)]);
  const cores = cpuOf(pids).map(
    ([name, cpu], index) => [name, (cpu - (cpuBefore[index]?.[1] ?? 0)) / result.seconds] as const,
  );
  if (result.refused > 0) throw new Error(`${result.refused} of ${result.answered} requests were refused`);
  const reached = (result.answered * EVENTS_PER_REQUEST) / result.seconds;
  options.onProgress(`${formatCount(reached)} events/s, p95 ${formatNumber(quantile(latenciesMs, 0.95), 0)} ms`);
  return report(parts, { eventsPerSecond: reached, latenciesMs, cores });
}

const cpuOf = (pids: Setting['pids']): [string, number][] =>
  Object.entries(pids).map(([name, pid]) => [name, pid === undefined ? Number.NaN : cpuSeconds(pid)]);

/**
 * Sends single events beside the load and looks for them in the view that readers use. The time runs from the answer
 * that accepts an event to the end of the query that shows it, so the pause between two queries counts as well.
 */
async function probe({ port, probeTenant, probeKey, clickhouse }: Setting, durationMs: number): Promise<number[]> {
  const acceptedAt = new Map<string, number>();
  const latenciesMs: number[] = [];
  const started = performance.now();
  let isSending = true;
  const visible = `SELECT event_id AS id FROM events WHERE tenant_id = '${probeTenant}'`;
  const send = async () => {
    for (let next = started; next - started < durationMs; next += PROBE_INTERVAL_MS) {
      await delay(Math.max(0, next - performance.now()));
      const eventId = randomUUID();
      await sendProbe(port, probeKey, eventId);
      acceptedAt.set(eventId, performance.now());
    }
    isSending = false;
  };
  const look = async () => {
    const seen = new Set<string>();
    while (isSending || acceptedAt.size > 0) {
      const rows = await select<{ id: string }>(clickhouse, visible);
      const now = performance.now();
      for (const { id } of rows) {
        const since = acceptedAt.get(id);
        if (seen.has(id) || since === undefined) continue;
        seen.add(id);
        acceptedAt.delete(id);
        latenciesMs.push(now - since);
      }
      if (now - started > durationMs + GIVE_UP_MS) throw new Error(`${acceptedAt.size} accepted events never came`);
      await delay(LOOK_INTERVAL_MS);
    }
  };
  await Promise.all([send(), look()]);
  return latenciesMs;
}

async function sendProbe(port: number, probeKey: string, eventId: string): Promise<void> {
  const event = {
    event_id: eventId,
    type: 'click',
    occurred_at: Date.now(),
    app_id: 'probe',
    channel: 'search',
    user_id: eventId,
  };
  const response = await fetch(`http://127.0.0.1:${port}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${probeKey}` },
    body: JSON.stringify({ events: [event] }),
  });
  if (response.status !== 202) throw new Error(`a probe was answered with ${response.status}`);
  await response.arrayBuffer();
}

interface Measurement {
  readonly eventsPerSecond: number;
  readonly latenciesMs: readonly number[];
  /** How many cores each process kept busy. */
  readonly cores: readonly (readonly [string, number])[];
}

function report(parts: BenchParts, { eventsPerSecond, latenciesMs, cores }: Measurement): BenchReport {
  const milliseconds = (share: number) => formatNumber(quantile(latenciesMs, share), 0);
  const p95 = quantile(latenciesMs, 0.95);
  return {
    title: 'Freshness: accepted to queryable',
    how:
      `\`bin/ingest.ts\`, Kafka, \`bin/sink.ts\` and ClickHouse under a steady load of ${formatCount(EVENTS_PER_SECOND)} events a second, ` +
      `${EVENTS_PER_REQUEST} per request. Beside it a second tenant sends a single event every ${PROBE_INTERVAL_MS} ms and looks for it in the ` +
      `view \`events\` every ${LOOK_INTERVAL_MS} ms. The time runs from the answer that accepts an event to the end of the ` +
      `query that shows it. ${formatNumber(TRACED_SHARE * 100, 0)} % of the requests are traced.`,
    tables: [
      {
        head: ['events/s reached', 'events looked for', 'p50 ms', 'p95 ms', 'p99 ms', 'longest ms'],
        rows: [
          [
            formatCount(eventsPerSecond),
            formatCount(latenciesMs.length),
            milliseconds(0.5),
            milliseconds(0.95),
            milliseconds(0.99),
            milliseconds(1),
          ],
        ],
      },
    ],
    goals: [
      {
        text: `p95 under ${LATENCY_MS_GOAL} ms at ${formatCount(EVENTS_PER_SECOND)} events a second`,
        measured: `${milliseconds(0.95)} ms`,
        isMet: p95 < LATENCY_MS_GOAL && eventsPerSecond >= 0.95 * EVENTS_PER_SECOND,
      },
    ],
    notes: [`Cores in use: ${cores.map(([name, used]) => `${name} ${formatNumber(used, 2)}`).join(', ')}.`],
    versions: parts.versions,
  };
}
