import { z } from 'zod';
import { defineQuery } from './define.ts';

const sql = (name: string): URL => new URL(`./queries/${name}.sql`, import.meta.url);
const count = z.number().int().nonnegative();
const epochMs = z.number().int();
/** Decimals are text because they are exact. */
const decimal = z.string();

/** By what the change can be told apart, besides the model. */
export const DIFF_DIMENSIONS = ['day', 'app', 'channel', 'campaign', 'conversion'] as const;
export type DiffDimension = (typeof DIFF_DIMENSIONS)[number];

const ofReplay = { replayId: z.uuid(), tenantId: z.string().min(1), limit: count.min(1) };

/** Empty lists let everything through. */
const filters = {
  models: z.array(z.string()),
  channels: z.array(z.string()),
  campaigns: z.array(z.string()),
  days: z.array(z.string()),
};

/** What a replay changes, the largest change first. */
export const readReplayDiff = defineQuery({
  name: 'read_replay_diff',
  file: sql('replay-diff'),
  parameters: z.object({
    ...ofReplay,
    ...filters,
    by: z.array(z.enum(DIFF_DIMENSIONS)),
    /** Also what stays the same. */
    isAll: z.boolean(),
  }),
  row: z.object({
    model: z.string(),
    day: z.string(),
    app: z.string(),
    channel: z.string(),
    campaign: z.string(),
    conversion: z.string(),
    creditBefore: decimal,
    creditAfter: decimal,
    creditChange: decimal,
    /** Currency, value before, value after, change. */
    values: z.array(z.tuple([z.string(), decimal, decimal, decimal])),
  }),
});

/** The windows that a replay changes, the one in which most credit moved first. */
export const readReplayDiffWindows = defineQuery({
  name: 'read_replay_diff_windows',
  file: sql('replay-diff-windows'),
  parameters: z.object(ofReplay),
  row: z.object({
    windowStartMs: epochMs,
    state: z.string(),
    baseVersion: count,
    version: count,
    conversionsBefore: count,
    conversionsAfter: count,
    attributedBefore: count,
    attributedAfter: count,
    settingsBefore: count,
    settingsAfter: count,
    /** In conversions. */
    moved: decimal,
  }),
});

/** The conversions behind a change, those of which most credit moved first. */
export const readReplayDiffConversions = defineQuery({
  name: 'read_replay_diff_conversions',
  file: sql('replay-diff-conversions'),
  parameters: z.object({ ...ofReplay, ...filters }),
  row: z.object({
    model: z.string(),
    conversionEventId: z.guid(),
    conversionAtMs: epochMs,
    conversion: z.string(),
    app: z.string(),
    currency: z.string(),
    creditBefore: decimal,
    creditAfter: decimal,
    valueBefore: decimal,
    valueAfter: decimal,
    channelsBefore: z.array(z.string()),
    channelsAfter: z.array(z.string()),
  }),
});

/** Windows of a replay that ended in one of these states. */
export const readWindowsOfReplay = defineQuery({
  name: 'read_windows_of_replay',
  file: sql('windows-of-replay'),
  parameters: z.object({ replayId: z.uuid(), states: z.array(z.string()).min(1), limit: count.min(1) }),
  row: z.object({
    windowStartMs: epochMs,
    state: z.string(),
    baseVersion: count,
    version: count,
    code: z.string(),
    message: z.string(),
  }),
});
