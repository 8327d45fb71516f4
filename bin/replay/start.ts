import { readFileSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import type { WindowClient } from '../../activities/client.ts';
import { startReplay } from '../../activities/replay-client.ts';
import { readCutoffAt } from '../../activities/replay-queries.ts';
import { parseWindowStart } from '../../activities/window-range.ts';
import { UnmogrowpError } from '../../errors.ts';
import { readVersion } from '../../otel/process.ts';
import { type NewReplay, type Replay, createReplay } from '../../postgres/replays.ts';
import { loadSettings } from '../../postgres/settings.ts';
import { type WhoAndWhy, rangeOf } from './options.ts';
import type { ReplayParts } from './parts.ts';

export interface StartOptions extends WhoAndWhy {
  tenant: string;
  from: string;
  to: string;
  models?: string[];
  settings?: string;
  keepSettings?: boolean;
  asOf?: string;
  dryRun?: boolean;
  concurrency: number;
}

/** Stores a replay and starts its workflow. */
export async function startNewReplay(
  parts: ReplayParts & { client: WindowClient },
  options: StartOptions,
): Promise<Replay> {
  const { settings } = await loadSettings(parts.pool, options.tenant);
  const replay = await createReplay(parts.pool, {
    replayId: uuidv7(),
    tenantId: options.tenant,
    ...rangeOf(options, settings),
    reason: options.reason,
    requestedBy: options.by,
    settings: settingsOf(options),
    asOf: await asOfTime(parts, options.asOf),
    isDryRun: options.dryRun === true,
    concurrency: options.concurrency,
    codeVersion: readVersion(),
  });
  await startReplay(parts.client, { replayId: replay.replay_id, operation: 'run' });
  return replay;
}

function settingsOf({ models, settings, keepSettings }: StartOptions): NewReplay['settings'] {
  if (keepSettings === true) {
    if (models === undefined && settings === undefined) return { kind: 'kept' };
    throw new UnmogrowpError('replay_invalid', '--keep-settings goes with neither --models nor --settings.');
  }
  if (models === undefined && settings === undefined) return { kind: 'in_force' };
  const changes = settings === undefined ? {} : readSettingsFile(settings);
  return { kind: 'changed', changes: { ...changes, ...(models === undefined ? {} : { models }) } };
}

function readSettingsFile(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new UnmogrowpError('settings_invalid', `${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}

/** Windows that were not published by then need what was recorded of the sink; before that there is nothing to go by. */
async function asOfTime({ clickhouse }: ReplayParts, text: string | undefined): Promise<Date | null> {
  if (text === undefined) return null;
  const atMs = parseWindowStart(text);
  if (atMs > Date.now()) throw new UnmogrowpError('replay_invalid', `--as-of ${text} lies ahead.`);
  const known = await readCutoffAt(clickhouse, { atMs });
  if (known.length === 0) {
    throw new UnmogrowpError('replay_invalid', `Nothing is recorded of what was known at ${text}: it is too long ago.`);
  }
  return new Date(atMs);
}
