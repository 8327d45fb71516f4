import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WindowKey } from '../../activities/contract.ts';
import { toIso } from '../../activities/window-range.ts';
import { type Replay, changeReplay, createReplay } from '../../postgres/replays.ts';
import { startQuietWorker } from '../windows/reconciling.ts';
import { type Parts, type WorkerProcess, event, purchase, startParts } from '../windows/setup.ts';
import { unmogrowp, unmogrowpJson } from './command.ts';
import { close, publicationsOf, publishedDays } from './setup.ts';

let parts: Parts;
let worker: WorkerProcess;
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-replay-test-'));
beforeAll(async () => {
  parts = await startParts();
  worker = await startQuietWorker(parts);
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  expect(await worker.end('SIGTERM')).toBe(0);
});

const rangeOf = (days: readonly WindowKey[]): string[] => [
  '--tenant',
  days[0]?.tenantId ?? '',
  '--from',
  toIso(days[0]?.windowStartMs ?? 0),
  '--to',
  toIso(days.at(-1)?.windowEndMs ?? 0),
];

type Ended = Replay & { counts: Record<string, number> };

describe('unmogrowp replay', () => {
  /** Two days; in the first a purchase of 10 EUR whose click of `email` lies ten days before it. */
  let days: WindowKey[];
  let dry: Ended;
  beforeAll(async () => {
    ({ days } = await publishedDays(parts, 2, { models: ['last_touch', 'linear'] }));
    const [first] = days as [WindowKey];
    const userKey = randomUUID();
    const clickAtMs = first.windowStartMs - 10 * 86_400_000;
    await parts.produce([
      event(first.tenantId, userKey, clickAtMs, { channel: 'email', campaign: 'spring' }),
      purchase(first.tenantId, userKey, first.windowStartMs + 60_000),
    ]);
    await parts.sink();
    expect(await close(parts, first)).toMatchObject({ publicationVersion: 2 });
    const settings = join(directory, 'settings.json');
    writeFileSync(settings, '{ "lookback_click_seconds": 1209600 }');
    const options = ['--settings', settings, '--dry-run', '--reason', 'longer lookback', '--by', 'ada'];
    dry = await unmogrowpJson<Ended>('replay', ...rangeOf(days), ...options);
  }, 120_000);

  test('waits for the end and says what became of the windows', () => {
    expect(dry).toMatchObject({
      state: 'ended',
      operation: 'run',
      is_dry_run: true,
      reason: 'longer lookback',
      requested_by: 'ada',
      settings_version: 2,
      counts: { computed: 2 },
    });
  });

  test('diff shows before, after and change by model and channel, as a table, as JSON and as CSV', async () => {
    const id = dry.replay_id;
    const changes = await unmogrowpJson<Record<string, unknown>[]>('replay', 'diff', id, '--model', 'linear');
    expect(changes).toEqual([
      {
        model: 'linear',
        channel: 'email',
        credit_before: '0',
        credit_after: '1',
        credit_change: '1',
        values: [{ currency: 'EUR', before: '0', after: '10', change: '10' }],
      },
      {
        model: 'linear',
        channel: 'organic',
        credit_before: '1',
        credit_after: '0',
        credit_change: '-1',
        values: [{ currency: 'EUR', before: '10', after: '0', change: '-10' }],
      },
    ]);
    const { stdout: csv } = await unmogrowp('replay', 'diff', id, '--by', 'channel,campaign,day', '--csv');
    const rows = parse(csv, { columns: true }) as Record<string, string>[];
    expect(rows.filter(({ model }) => model === 'last_touch')).toMatchObject([
      { channel: 'email', campaign: 'spring', before: '0', after: '1', change: '1', currency: 'EUR' },
      { channel: 'organic', campaign: '', before: '1', after: '0', change: '-1', currency: 'EUR' },
    ]);
    expect(rows[0]?.['day']).toBe(toIso(days[0]?.windowStartMs ?? 0).slice(0, 10));
    const all = await unmogrowpJson<{ credit_before: string }[]>('replay', 'diff', id, '--all', '--model', 'linear');
    expect(all.map(({ credit_before: before }) => Number(before)).reduce((sum, credit) => sum + credit)).toBe(3);
    const table = await unmogrowp('replay', 'diff', id);
    expect(table.stdout).toMatch(/│ linear +│ email +│ +0 │ +1 │ +1 │/);
  });

  test('diff shows the windows that differ, the largest mover first, and the conversions behind it', async () => {
    const id = dry.replay_id;
    const windows = await unmogrowpJson<Record<string, unknown>[]>('replay', 'diff', id, '--windows');
    expect(windows).toMatchObject([
      {
        window_start: toIso(days[0]?.windowStartMs ?? 0),
        base_version: 2,
        moved: '1',
        conversions_before: 2,
        conversions_after: 2,
        attributed_before: 1,
        attributed_after: 2,
        settings_before: 1,
        settings_after: 2,
      },
      { window_start: toIso(days[1]?.windowStartMs ?? 0), moved: '0' },
    ]);
    const narrowed = ['--conversions', '--model', 'linear', '--channel', 'email'];
    const conversions = await unmogrowpJson<Record<string, unknown>[]>('replay', 'diff', id, ...narrowed);
    expect(conversions).toMatchObject([
      { conversion: 'purchase', credit_before: '0', credit_after: '1', channels_after: ['email'], value_after: '10' },
    ]);
    const found = await unmogrowp('event', String(conversions[0]?.['event_id']));
    expect(found.code).toBe(0);
  });

  test('list and show tell who wanted what, why, with which settings and code, and what came of it', async () => {
    const [listed] = await unmogrowpJson<Replay[]>('replay', 'list', '--tenant', dry.tenant_id);
    expect(listed).toMatchObject({ replay_id: dry.replay_id, requested_by: 'ada', code_version: expect.any(String) });
    const shown = await unmogrowpJson<Record<string, unknown>>('replay', 'show', dry.replay_id);
    expect(shown).toMatchObject({
      counts: { computed: 2 },
      settings: { lookback_click_seconds: 1_209_600 },
      actions: [
        { action: 'run', done_by: 'ada', note: 'longer lookback' },
        { action: 'run ended', note: 'windows: 2 computed' },
      ],
    });
    const { stdout } = await unmogrowp('replay', 'show', dry.replay_id);
    expect(stdout).toContain('longer lookback');
    expect(stdout).toContain(`unmogrowp replay diff ${dry.replay_id}`);
  });

  test('publish and rollback wait for their end, and exit with 1 where a window was refused', async () => {
    const id = dry.replay_id;
    const published = await unmogrowp('replay', 'publish', id, '--by', 'grace', '--reason', 'agreed');
    expect(published).toMatchObject({ code: 0, stdout: 'published: 2 published\n' });
    expect(await publicationsOf(parts, days[1] as WindowKey)).toEqual(['1 command settings 1', '2 replay settings 2']);
    const window = [dry.tenant_id, toIso(days[1]?.windowStartMs ?? 0)];
    const shown = await unmogrowpJson<{ runs: { replay_id: string | null }[] }>('windows', 'show', ...window);
    expect(shown.runs.map(({ replay_id: of }) => of)).toEqual([id, null]);
    expect((await unmogrowp('windows', 'show', ...window)).stdout).toContain(id);
    await parts.produce([purchase(dry.tenant_id, randomUUID(), (days[0]?.windowStartMs ?? 0) + 1)]);
    await parts.sink();
    await close(parts, days[0] as WindowKey);
    const rolledBack = await unmogrowp('replay', 'rollback', id);
    expect(rolledBack).toMatchObject({ code: 1, stdout: 'rolled back: 1 kept, 1 rolled back\n' });
    const { stdout } = await unmogrowp('replay', 'show', id);
    expect(stdout).toMatch(/kept +│ publication_conflict +│ Version 4 was published after the replay/);
  });

  test('is refused before anything begins when it makes no sense', async () => {
    const [tenant, id] = [dry.tenant_id, dry.replay_id];
    const of = ['replay', '--tenant', tenant, '--from', '2026-01-02', '--to'];
    const cases: [string[], number, RegExp][] = [
      [['replay', '--tenant', tenant], 2, /missing --from, --to/],
      [[...of, '2026-01-02'], 1, /is not after --from/],
      [[...of, '2026-01-03T05:00:00Z'], 1, /No window begins at 2026-01-03T05:00:00Z/],
      [[...of, '2026-01-03', '--models', 'best'], 2, /Models are first_touch/],
      [[...of, '2026-01-03', '--keep-settings', '--models', 'linear'], 1, /goes with neither/],
      [[...of, '2026-01-03', '--as-of', '2010-01-01'], 1, /too long ago/],
      [[...of, '2026-01-03', '--as-of', '2100-01-01'], 1, /lies ahead/],
      [[...of, '2026-01-03', '--concurrency', '101'], 2, /from 1 to 100/],
      [['replay', '--tenant', 'nobody', '--from', '2026-01-02', '--to', '2026-01-03'], 1, /tenant_unknown/],
      [['replay', 'show', '1'], 2, /named by its UUID/],
      [['replay', 'show', randomUUID()], 1, /replay_unknown/],
      [['replay', 'pause', id], 1, /not under way/],
      [['replay', 'publish', id], 1, /rolled back/],
    ];
    for (const [args, code, said] of cases) {
      const result = await unmogrowp(...args);
      expect(result.stderr, args.join(' ')).toMatch(said);
      expect(result.code, args.join(' ')).toBe(code);
    }
  });

  test('resume starts a replay whose workflow was lost, and cancel ends one that never had any', async () => {
    const { days: others } = await publishedDays(parts, 1);
    const day = others[0] as WindowKey;
    const stored = () =>
      createReplay(parts.pool, {
        replayId: randomUUID(),
        tenantId: day.tenantId,
        rangeStart: new Date(day.windowStartMs),
        rangeEnd: new Date(day.windowEndMs),
        reason: '',
        requestedBy: 'test',
        settings: { kind: 'in_force' },
        asOf: null,
        isDryRun: false,
        concurrency: 1,
        codeVersion: 'test',
      });
    const lost = await stored();
    const overlapping = await unmogrowp('replay', ...rangeOf(others));
    expect(overlapping.stderr).toContain(`unmogrowp replay cancel ${lost.replay_id}`);
    expect(overlapping.code).toBe(1);
    expect((await unmogrowp('replay', 'cancel', lost.replay_id)).stdout).toContain('cancelled');
    const again = await stored();
    expect((await unmogrowp('replay', 'resume', again.replay_id)).code).toBe(0);
    expect(await unmogrowp('replay', 'watch', again.replay_id)).toMatchObject({
      code: 0,
      stdout: 'published: 1 unchanged\n',
    });
    await changeReplay(parts.pool, again.replay_id, { state: 'ended' });
  });
});
