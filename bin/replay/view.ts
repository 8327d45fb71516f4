import type { WindowClient } from '../../activities/client.ts';
import type { ReplayCounts } from '../../activities/replay-contract.ts';
import { replayProgress, replayWorkflowId } from '../../activities/replay-client.ts';
import { toIso } from '../../activities/window-range.ts';
import { readWindowsOfReplay } from '../../clickhouse/replay-diff.ts';
import type { Settings } from '../../events/settings.ts';
import { type Replay, isLive, listReplayActions, loadReplay } from '../../postgres/replays.ts';
import { loadSettings } from '../../postgres/settings.ts';
import type { ReplayProgress } from '../../workflows/messages.ts';
import { printLine, printTable } from '../output.ts';
import type { ReplayParts } from './parts.ts';
import { TROUBLE, describeCounts, readCounts } from './watch.ts';

const TROUBLE_MAX = 20;
const QUERY_TIMEOUT_MS = 3_000;

/** Everything about one replay, as `unmogrowp replay show` gives it. */
export interface ReplayDetails {
  replay: Replay;
  workflow_id: string;
  counts: ReplayCounts;
  /** The settings that it gives to its windows; null when each keeps those that it has. */
  settings: Settings | null;
  /** What its workflow says while it is under way; null when it has ended or nobody answers. */
  progress: ReplayProgress | null;
  /** Windows that somebody has to look at, the oldest first. */
  trouble: Awaited<ReturnType<typeof readWindowsOfReplay>>;
  actions: Awaited<ReturnType<typeof listReplayActions>>;
}

/** Reads a replay from the state of record, and how far it is from its workflow. Throws `replay_unknown`. */
export async function readReplay(
  parts: ReplayParts & { client: WindowClient },
  replayId: string,
): Promise<ReplayDetails> {
  const { pool, clickhouse, client } = parts;
  const replay = await loadReplay(pool, replayId);
  const { tenant_id: tenantId, settings_version: version } = replay;
  const [counts, settings, progress, trouble, actions] = await Promise.all([
    readCounts(parts, replayId),
    version === null ? null : loadSettings(pool, tenantId, version).then((loaded) => loaded.settings),
    isLive(replay) ? askProgress(client, replay) : null,
    readWindowsOfReplay(clickhouse, { replayId, states: [...TROUBLE], limit: TROUBLE_MAX }),
    listReplayActions(pool, replayId),
  ]);
  const workflowId = replayWorkflowId(replayId, replay.operation);
  return { replay, workflow_id: workflowId, counts, settings, progress, trouble, actions };
}

async function askProgress(client: WindowClient, replay: Replay): Promise<ReplayProgress | null> {
  const asked = client.temporal.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
    replayProgress(client, replay.replay_id, replay.operation),
  );
  return (await asked.catch(() => undefined)) ?? null;
}

/** The same for people. */
export function printReplay(details: ReplayDetails): void {
  const { replay, trouble, actions } = details;
  printTable(
    ['', ''],
    facts(details).filter(([, value]) => value !== ''),
  );
  if (trouble.length > 0) {
    printLine();
    printTable(
      ['window', 'state', 'code', 'why'],
      trouble.map((window) => [toIso(window.windowStartMs), window.state, window.code, window.message]),
    );
  }
  printLine();
  printTable(
    ['when', 'who', 'what', 'note'],
    actions.map((line) => [toIso(line.done_at.getTime()).slice(0, 19), line.done_by, line.action, line.note]),
  );
  if (replay.is_dry_run && replay.operation === 'run' && replay.state === 'ended') {
    printLine(`To compare: unmogrowp replay diff ${replay.replay_id}`);
  }
}

function facts({ replay, counts, settings, progress, workflow_id: workflowId }: ReplayDetails): [string, string][] {
  const done = progress === null ? '' : `${progress.windowsEnded} of ${progress.windowsTotal}`;
  return [
    ['replay', replay.replay_id],
    ['tenant', replay.tenant_id],
    ['windows', rangeOf(replay)],
    ['state', stateOf(replay)],
    ['done', done],
    ['at once', String(replay.concurrency)],
    ['counts', describeCounts(counts)],
    ['reason', replay.reason],
    ['asked for by', `${replay.requested_by} at ${toIso(replay.created_at.getTime())}`],
    ['as of', replay.as_of === null ? '' : toIso(replay.as_of.getTime())],
    ['settings', settings === null ? settingsKept(replay) : `version ${replay.settings_version}`],
    ['models', settings === null ? '' : settings.models.join(', ')],
    ['code', replay.code_version],
    ['workflow', workflowId],
  ];
}

const settingsKept = ({ as_of: asOf }: Replay): string =>
  asOf === null ? 'those that each window has' : 'those that each window had then';

/** The windows that begin from then on and before the end. */
export const rangeOf = ({ range_start: start, range_end: end }: Replay): string =>
  `${toIso(start.getTime())} to ${toIso(end.getTime())}`;

/** In one word or two: what it does, or what it has come to. */
export function stateOf({ operation, state, is_dry_run: isDryRun }: Replay): string {
  if (state === 'ended') {
    if (operation === 'rollback') return 'rolled back';
    return isDryRun && operation === 'run' ? 'computed' : 'published';
  }
  if (operation === 'run') return isDryRun ? `dry run ${state}` : state;
  return `${operation} ${state}`;
}
