import { minuteText, oneLine } from '../../incidents/page/text.ts';
import type { PageChange, PageRequest } from '../../incidents/page/types.ts';
import { series } from '../../otel/promql.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { type Replay, isLive, listReplays } from '../../postgres/replays.ts';
import { type SettingsChange, listSettingsChanges } from '../../postgres/settings.ts';
import { prometheusAddress, readNow } from './prometheus.ts';

const CHANGES_MAX = 6;
/** What broke now is seldom older than a day of deploys and a week of settings, which need the next windows to show. */
const STARTS_MS_MAX = 24 * 3_600_000;
const CHANGES_MS_MAX = 7 * 24 * 3_600_000;
const READ_MAX = 50;

/** As the boards mark them: each process with when it started, in seconds. */
const STARTS = `${series(PROCESS_METRICS.build)} * on (job, instance) group_left () ${series(PROCESS_METRICS.processStart)}`;

/** Makes what finds processes that were started lately: a deploy, or a crash. */
export function createFindStarts({ prometheusUrl }: { prometheusUrl: string | undefined }) {
  return async function findStarts(nowMs: number, signal: AbortSignal): Promise<readonly PageChange[]> {
    const samples = await readNow(prometheusAddress(prometheusUrl), STARTS, signal);
    const recent = samples
      .map(({ labels, value }) => ({ labels, atMs: Math.round(value * 1_000) }))
      .filter(({ atMs }) => atMs >= nowMs - STARTS_MS_MAX);
    // Of a service that runs many times the last of its processes stands for all of the same version.
    const releases = Map.groupBy(recent, ({ labels }) => `${labels['job']} started, version ${labels['version']}`);
    return newestFirst(
      [...releases].map(([release, processes]) => {
        const several = processes.length > 1 ? ` (${processes.length} processes, the last of them then)` : '';
        return {
          atMs: Math.max(...processes.map(({ atMs }) => atMs)),
          kind: 'start',
          text: oneLine(`${release}${several}`, 160),
        };
      }),
    );
  };
}

/** Makes what finds replays and changed settings; of the tenant, or of all when the incident belongs to none. */
export function createFindChanges({ postgres }: { postgres: PostgresPool }) {
  return async function findChanges({ tenant }: PageRequest, nowMs: number): Promise<readonly PageChange[]> {
    const tenantId = tenant === 'platform' ? undefined : tenant;
    const since = new Date(nowMs - CHANGES_MS_MAX);
    const [replays, settings] = await Promise.all([
      listReplays(postgres, { tenantId, limit: READ_MAX }),
      listSettingsChanges(postgres, { tenantId, since, limit: CHANGES_MAX }),
    ]);
    const recent = replays.filter((replay) => isLive(replay) || replay.created_at >= since);
    return newestFirst([...recent.map(changeOfReplay), ...settings.map(changeOfSettings)]);
  };
}

const newestFirst = (changes: readonly PageChange[]): PageChange[] =>
  changes.toSorted((left, right) => right.atMs - left.atMs).slice(0, CHANGES_MAX);

/** Who wanted it and why stands in the audit trail. */
function changeOfReplay(replay: Replay): PageChange {
  const { replay_id: id, tenant_id: tenant, range_start: start, range_end: end, created_at: createdAt } = replay;
  const windows = `windows ${minuteText(start.getTime())} to ${minuteText(end.getTime())}`;
  const what = replay.is_dry_run && replay.operation === 'run' ? 'dry run' : replay.operation;
  return {
    atMs: createdAt.getTime(),
    kind: 'replay',
    text: `replay ${id} of ${tenant}, ${windows}: ${what}, ${replay.state}`,
  };
}

function changeOfSettings(change: SettingsChange): PageChange {
  const { tenant_id: tenant, version, created_at: createdAt, applies_from: appliesFrom, changed } = change;
  const from = appliesFrom === null ? '' : `, for windows from ${minuteText(appliesFrom.getTime())}`;
  return {
    atMs: createdAt.getTime(),
    kind: 'settings',
    text: oneLine(`settings of ${tenant}, version ${version}${from}: ${changed.join(', ')}`, 200),
  };
}
