import { DRY_RUN_REMOVABLE_MS } from '../../activities/run-queries.ts';
import { toIso } from '../../activities/window-range.ts';
import {
  DIFF_DIMENSIONS,
  type DiffDimension,
  readReplayDiff,
  readReplayDiffConversions,
  readReplayDiffWindows,
} from '../../clickhouse/replay-diff.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type Replay, isLive, loadReplay } from '../../postgres/replays.ts';
import type { ReplayParts } from './parts.ts';

export interface DiffOptions {
  by: DiffDimension[];
  model?: string[];
  channel?: string[];
  campaign?: string[];
  day?: string[];
  windows?: boolean;
  conversions?: boolean;
  all?: boolean;
  limit: number;
}

/** One answer in the three forms in which it can be printed. */
export interface Answer {
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  json: readonly unknown[];
  numbersFrom: number;
}

/** What a replay changes: by model and dimensions, by window, or by conversion. Throws `replay_invalid`, `run_expired`. */
export async function diffReplay(parts: ReplayParts, replayId: string, options: DiffOptions): Promise<Answer> {
  const replay = await loadReplay(parts.pool, replayId);
  refuse(replay);
  if (options.windows === true) return byWindow(parts, replay, options);
  return options.conversions === true ? byConversion(parts, replay, options) : byDimension(parts, replay, options);
}

/** Half a comparison would mislead, and a comparison with rows that are gone even more. */
function refuse(replay: Replay): void {
  const { replay_id: replayId, operation, state, created_at: createdAt, is_dry_run: isDryRun } = replay;
  if (operation === 'run' && isLive(replay)) {
    throw new UnmogrowpError('replay_invalid', `Replay ${replayId} is still computing. See: unmogrowp replay watch`);
  }
  const isUnpublished = isDryRun && operation === 'run' && state !== 'running';
  if (isUnpublished && Date.now() - createdAt.getTime() > DRY_RUN_REMOVABLE_MS) {
    throw new UnmogrowpError(
      'run_expired',
      `What replay ${replayId} computed was kept for ${DRY_RUN_REMOVABLE_MS / 86_400_000} days and is gone.`,
    );
  }
}

const askOf = ({ replay_id: replayId, tenant_id: tenantId }: Replay, { limit }: DiffOptions) => ({
  replayId,
  tenantId,
  limit,
});

const filtersOf = ({ model, channel, campaign, day }: DiffOptions) => ({
  models: model ?? [],
  channels: channel ?? [],
  campaigns: campaign ?? [],
  days: day ?? [],
});

async function byDimension({ clickhouse }: ReplayParts, replay: Replay, options: DiffOptions): Promise<Answer> {
  const by = DIFF_DIMENSIONS.filter((dimension) => options.by.includes(dimension));
  const isAll = options.all === true;
  const found = await readReplayDiff(clickhouse, { ...askOf(replay, options), ...filtersOf(options), by, isAll });
  const lines = found.flatMap((row) => {
    const values = row.values.length === 0 ? [['', '', '', ''] as const] : row.values;
    return values.map((value, index) => ({ row, value, isFirst: index === 0 }));
  });
  return {
    head: ['model', ...by, 'before', 'after', 'change', 'currency', 'value before', 'value after', 'value change'],
    numbersFrom: by.length + 1,
    rows: lines.map(({ row, value: [currency, before, after, change], isFirst }) => [
      row.model,
      ...by.map((dimension) => row[dimension]),
      // The credit of a row is one number for all its currencies.
      ...(isFirst ? [row.creditBefore, row.creditAfter, row.creditChange] : ['', '', '']),
      currency,
      before,
      after,
      change,
    ]),
    json: found.map((row) => ({
      model: row.model,
      ...Object.fromEntries(by.map((dimension) => [dimension, row[dimension]])),
      credit_before: row.creditBefore,
      credit_after: row.creditAfter,
      credit_change: row.creditChange,
      values: row.values.map(([currency, before, after, change]) => ({ currency, before, after, change })),
    })),
  };
}

async function byWindow({ clickhouse }: ReplayParts, replay: Replay, options: DiffOptions): Promise<Answer> {
  const found = await readReplayDiffWindows(clickhouse, askOf(replay, options));
  const json = found.map((row) => ({
    window_start: toIso(row.windowStartMs),
    state: row.state,
    base_version: row.baseVersion,
    version: row.version,
    moved: row.moved,
    conversions_before: row.conversionsBefore,
    conversions_after: row.conversionsAfter,
    attributed_before: row.attributedBefore,
    attributed_after: row.attributedAfter,
    settings_before: row.settingsBefore,
    settings_after: row.settingsAfter,
  }));
  return {
    head: [
      'window',
      'state',
      'base',
      'version',
      'moved',
      'conversions before',
      'after',
      'attributed before',
      'after',
      'settings before',
      'after',
    ],
    numbersFrom: 2,
    rows: json.map((row) => Object.values(row)),
    json,
  };
}

async function byConversion({ clickhouse }: ReplayParts, replay: Replay, options: DiffOptions): Promise<Answer> {
  const found = await readReplayDiffConversions(clickhouse, { ...askOf(replay, options), ...filtersOf(options) });
  const json = found.map((row) => ({
    model: row.model,
    event_id: row.conversionEventId,
    occurred_at: toIso(row.conversionAtMs),
    app: row.app,
    conversion: row.conversion,
    channels_before: row.channelsBefore,
    channels_after: row.channelsAfter,
    credit_before: row.creditBefore,
    credit_after: row.creditAfter,
    currency: row.currency,
    value_before: row.valueBefore,
    value_after: row.valueAfter,
  }));
  return {
    head: [
      'model',
      'event_id',
      'occurred_at',
      'app',
      'conversion',
      'channels before',
      'channels after',
      'credit before',
      'after',
      'currency',
      'value before',
      'after',
    ],
    numbersFrom: 7,
    rows: json.map((row) => Object.values(row).map((value) => (Array.isArray(value) ? value.join(' ') : value))),
    json,
  };
}
