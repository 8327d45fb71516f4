/**
 * `npm run prove:quiet [-- --long --seed N]`: days of a tenant and then a steady load on all parts, in health; nothing but
 * the watchdog may fire. An alert that only waits is told, and is no mistake.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { alertNames } from '../../alerts/all.ts';
import { sendOldEvents, untilPublished } from './alerts/tenants.ts';
import { startLoadOf } from './alerts/load.ts';
import { writeRuleFiles } from './alerts/rule-files.ts';
import { watchAlerts } from './alerts/watch.ts';
import { type ProofContext, runProof } from './run-proof.ts';
import type { ProofSection } from './report.ts';

/** An hour takes six minutes: a run of minutes shows what hours would. */
const TIME_SCALE = 10;
const LASTS_MS = { short: 120_000, long: 900_000 } as const;
const REQUESTS_PER_SECOND = 40;
const EVENTS_PER_DAY = 300;
const LOOK_MS = 250;

const alertsDirectory = mkdtempSync(join(tmpdir(), 'unmogrowp-quiet-rules-'));
writeRuleFiles(alertsDirectory, { timeScale: TIME_SCALE, withInhibition: true });
try {
  await runProof(
    'quiet',
    { alertsDirectory, settings: { WORKER_LEDGER_INTERVAL_MS: '20000', LOG_LEVEL: 'warn' } },
    prove,
  );
} finally {
  rmSync(alertsDirectory, { recursive: true, force: true });
}

async function prove({ pipeline, seed, isLong, signal, onProgress }: ProofContext): Promise<ProofSection> {
  const { stage, webhook } = pipeline;
  const watch = watchAlerts(pipeline);
  const load = await startLoadOf(pipeline, { requestsPerSecond: REQUESTS_PER_SECOND, seed });
  const waited = new Map<string, number>();
  const fired = new Map<string, number>();
  const lastsMs = isLong ? LASTS_MS.long : LASTS_MS.short;
  try {
    const tenant = await sendOldEvents(stage, { tenantId: 'past', seed, eventsPerDay: EVENTS_PER_DAY });
    await untilPublished(stage, tenant, signal);
    onProgress(
      `windows of three days are published; a load of ${REQUESTS_PER_SECOND} requests a second goes on for ${lastsMs / 60_000} min`,
    );
    const endsAt = Date.now() + lastsMs;
    while (Date.now() < endsAt) {
      for (const { labels, state } of watch.active()) {
        const seen = state === 'firing' ? fired : waited;
        const name = labels['alertname'] ?? '';
        if (!seen.has(name)) {
          seen.set(name, Date.now());
          onProgress(`${state}: ${JSON.stringify(labels)}`);
        }
      }
      await wait(LOOK_MS, undefined, { signal });
    }
  } finally {
    await load.stop();
    await watch.stop();
  }
  const [samples] = await pipeline.prometheus.query('sum(unmogrowp_ingest_accepted_events_total)');
  const told = new Set(webhook.delivered().map(({ labels }) => labels['alertname'] ?? ''));
  const problems = [
    ...[...fired.keys()].filter((name) => name !== 'Watchdog').map((name) => `${name} fired, and nothing was wrong`),
    ...(fired.has('Watchdog') ? [] : ['the watchdog did not fire']),
    ...(told.has('Watchdog') ? [] : ['the watchdog was not delivered']),
  ];
  const names = alertNames().toSorted();
  return {
    summary:
      `${lastsMs / 60_000} min of a load of ${REQUESTS_PER_SECOND} requests a second (${samples?.value ?? 0} events in all) with ${names.length} alerts, ` +
      `whose time passed ${TIME_SCALE} times as fast: ${[...fired.keys()].join(', ') || 'none'} fired.`,
    table: {
      columns: ['alert', 'waited', 'fired'],
      rows: names.map((name) => [name, waited.has(name) ? 'yes' : 'no', fired.has(name) ? 'yes' : 'no']),
    },
    problems,
  };
}
