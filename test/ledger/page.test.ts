import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import { createTenant } from '../../postgres/tenants.ts';
import { settingsSchema } from '../../events/settings.ts';
import { ROOT, readPage } from '../docs/markdown.ts';
import { testVariables } from '../support/parts.ts';
import { reconcileOnce, startQuietWorker } from '../windows/reconciling.ts';
import { type LedgerTest, request, startLedgerParts } from './setup.ts';

const RECEIVED_AT_MS = Date.UTC(2026, 0, 5, 10, 30);
/** As if Kafka kept its records for a hundred years: the hours of the page lie in the past. */
const RETENTION = { KAFKA_EVENTS_RETENTION_MS: String(100 * 365 * 86_400_000) };

let parts: LedgerTest;
beforeAll(async () => {
  parts = await startLedgerParts();
  const settings = settingsSchema.parse({ granularity: '1h', allowed_lateness_seconds: 0 });
  await createTenant(parts.pool, { tenantId: 'acme', settings });
});

/** Runs a line of the page as a person types it. */
async function type(line: string): Promise<{ code: number; output: string }> {
  const child = spawn('bash', ['-c', `unmogrowp() { node bin/unmogrowp.ts "$@"; }; ${line}`], {
    cwd: ROOT,
    env: { ...process.env, ...testVariables, ...RETENTION, PATH: `${ROOT}node_modules/.bin:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: stdout + stderr };
}

test('the commands of docs/ledger.md do what it says, as they stand there', async () => {
  const lines = readPage('docs/ledger.md')
    .blocks.filter(({ language }) => language === 'sh')
    .flatMap(({ text: block }) => block.trim().split('\n'));
  expect(lines).toHaveLength(4);
  const [last24, range, show, accept] = lines as [string, string, string, string];
  const worker = await startQuietWorker(parts);
  const rows = request('acme', { clicks: 12, purchases: 2 }, RECEIVED_AT_MS);
  await parts.accept(rows);
  expect((await type(last24)).code).toBe(0);
  expect(await type(range)).toMatchObject({ code: 0, output: expect.stringContaining('"accepted": 14') as string });
  await reconcileOnce(parts);
  await parts.takeAway(`event_id = '${rows[0]?.event_id}'`, ['events_raw_v1']);
  const lost = await type(range);
  expect(lost).toMatchObject({ code: 1, output: expect.stringContaining('"row_gap": 1') as string });
  const shown = await type(show);
  expect(shown.output).toContain('does not add up: 2026-01-05T10:00Z 1 row_gap');
  expect(await type(accept)).toMatchObject({
    code: 0,
    output: expect.stringContaining('1 event of 2026-01-05T10:00Z') as string,
  });
  const borne = await type(range.replace(' --json', ''));
  expect(borne.code).toBe(0);
  expect(borne.output).toContain('the disk of the broker is gone');
  expect(await worker.end('SIGTERM')).toBe(0);
});
