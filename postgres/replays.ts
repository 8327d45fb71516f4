import { UnmogrowpError } from '../errors.ts';
import { type Settings } from '../events/settings.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';
import { changedSettings, insertSettings, isSame, loadSettings, lockTenant } from './settings.ts';

/** What a replay does to its windows: compute them, publish what a dry run computed, or return to what was before. */
export type ReplayOperation = 'run' | 'publish' | 'rollback';

/** Where the operation stands. The first three hold the range of the replay against any other. */
export type ReplayState = 'running' | 'paused' | 'cancelling' | 'cancelled' | 'ended';

/** A replay as stored. */
export interface Replay {
  replay_id: string;
  tenant_id: string;
  range_start: Date;
  range_end: Date;
  reason: string;
  requested_by: string;
  settings_version: number | null;
  as_of: Date | null;
  is_dry_run: boolean;
  concurrency: number;
  code_version: string;
  operation: ReplayOperation;
  state: ReplayState;
  created_at: Date;
}

export interface NewReplay {
  replayId: string;
  tenantId: string;
  rangeStart: Date;
  rangeEnd: Date;
  reason: string;
  requestedBy: string;
  /** Which settings its windows get: those in force now, these changes to them, or the ones that each window has. */
  settings: { kind: 'in_force' } | { kind: 'changed'; changes: Readonly<Record<string, unknown>> } | { kind: 'kept' };
  asOf: Date | null;
  isDryRun: boolean;
  concurrency: number;
  codeVersion: string;
}

/** One line of the audit trail. */
export interface ReplayAction {
  action: string;
  done_by: string;
  note: string;
  done_at: Date;
}

const COLUMNS = `replay_id, tenant_id, range_start, range_end, reason, requested_by, settings_version, as_of, is_dry_run,
  concurrency, code_version, operation, state, created_at`;

/** How many replays have not ended, by their state. */
export async function countLiveReplays(connection: PostgresQueryable): Promise<ReadonlyMap<ReplayState, number>> {
  const rows = await queryRows<{ state: ReplayState; replays: string }>(
    connection,
    `SELECT state, count(*) AS replays FROM replays WHERE ${LIVE} GROUP BY state`,
  );
  return new Map(rows.map(({ state, replays }) => [state, Number(replays)]));
}

const LIVE = "state IN ('running', 'paused', 'cancelling')";

/**
 * Stores a replay that begins to run, with settings of its own if it changes any. Throws `replay_overlaps` with the
 * identity of another one that is under way in the same range.
 */
export async function createReplay(pool: PostgresPool, replay: NewReplay): Promise<Replay> {
  return inTransaction(pool, async (connection) => {
    await lockTenant(connection, replay.tenantId);
    await refuseOverlap(connection, replay);
    const settingsVersion = await settingsOf(connection, replay);
    const rows = await queryRows<Replay>(
      connection,
      `INSERT INTO replays (replay_id, tenant_id, range_start, range_end, reason, requested_by, settings_version, as_of,
         is_dry_run, concurrency, code_version, operation, state)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'run', 'running') RETURNING ${COLUMNS}`,
      [
        replay.replayId,
        replay.tenantId,
        replay.rangeStart,
        replay.rangeEnd,
        replay.reason,
        replay.requestedBy,
        settingsVersion,
        replay.asOf,
        replay.isDryRun,
        replay.concurrency,
        replay.codeVersion,
      ],
    );
    const { replayId, requestedBy, reason } = replay;
    await addReplayAction(connection, replayId, { key: 'run', action: 'run', by: requestedBy, note: reason });
    return rows[0] as Replay;
  });
}

/**
 * Lets the next operation of a replay begin. Throws `replay_invalid` when it is not its turn, and `replay_overlaps` like
 * `createReplay`. `actionKey` makes a repeated call the same one.
 */
export async function beginOperation(
  pool: PostgresPool,
  replayId: string,
  request: { operation: ReplayOperation; by: string; note: string; actionKey: string },
): Promise<Replay> {
  return inTransaction(pool, async (connection) => {
    const { tenant_id: tenantId } = await loadReplay(connection, replayId);
    await lockTenant(connection, tenantId);
    const replay = await loadReplay(connection, replayId);
    refuseOperation(replay, request.operation);
    await refuseOverlap(connection, {
      replayId,
      tenantId,
      rangeStart: replay.range_start,
      rangeEnd: replay.range_end,
    });
    const action = { key: request.actionKey, action: request.operation, by: request.by, note: request.note };
    await addReplayAction(connection, replayId, action);
    return changeReplay(connection, replayId, { operation: request.operation, state: 'running' });
  });
}

/** One replay. Throws `replay_unknown`. */
export async function loadReplay(connection: PostgresQueryable, replayId: string): Promise<Replay> {
  const rows = await queryRows<Replay>(connection, `SELECT ${COLUMNS} FROM replays WHERE replay_id = $1`, [replayId]);
  const replay = rows[0];
  if (replay !== undefined) return replay;
  throw new UnmogrowpError('replay_unknown', `There is no replay ${replayId}. See: unmogrowp replay list`);
}

/** Replays of one tenant or of all, the newest first. */
export async function listReplays(
  connection: PostgresQueryable,
  filter: { tenantId: string | undefined; limit: number },
): Promise<Replay[]> {
  return queryRows<Replay>(
    connection,
    `SELECT ${COLUMNS} FROM replays WHERE $1::text IS NULL OR tenant_id = $1
     ORDER BY created_at DESC, replay_id DESC LIMIT $2`,
    [filter.tenantId ?? null, filter.limit],
  );
}

/** Changes where a replay stands. */
export async function changeReplay(
  connection: PostgresQueryable,
  replayId: string,
  change: { operation?: ReplayOperation; state?: ReplayState; concurrency?: number },
): Promise<Replay> {
  const rows = await queryRows<Replay>(
    connection,
    `UPDATE replays SET operation = coalesce($2, operation), state = coalesce($3, state),
       concurrency = coalesce($4, concurrency)
     WHERE replay_id = $1 RETURNING ${COLUMNS}`,
    [replayId, change.operation ?? null, change.state ?? null, change.concurrency ?? null],
  );
  return rows[0] ?? loadReplay(connection, replayId);
}

/** Adds a line to the audit trail; the same key twice is one line. */
export async function addReplayAction(
  connection: PostgresQueryable,
  replayId: string,
  line: { key: string; action: string; by: string; note: string },
): Promise<void> {
  await queryRows(
    connection,
    `INSERT INTO replay_actions (replay_id, action_key, action, done_by, note) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (replay_id, action_key) DO NOTHING`,
    [replayId, line.key, line.action, line.by, line.note],
  );
}

/** The audit trail of a replay, the oldest line first. */
export async function listReplayActions(connection: PostgresQueryable, replayId: string): Promise<ReplayAction[]> {
  return queryRows<ReplayAction>(
    connection,
    'SELECT action, done_by, note, done_at FROM replay_actions WHERE replay_id = $1 ORDER BY action_id',
    [replayId],
  );
}

/** Whether the replay holds its range. */
export const isLive = ({ state }: Replay): boolean => ['running', 'paused', 'cancelling'].includes(state);

/** Whether somebody has cancelled it: no window begins anything for it any more. */
export const isCancelled = ({ state }: Replay): boolean => state === 'cancelling' || state === 'cancelled';

/** Two replays over one window would publish in turns, and neither could be taken back without the other. */
async function refuseOverlap(
  connection: PostgresQueryable,
  range: { replayId: string; tenantId: string; rangeStart: Date; rangeEnd: Date },
): Promise<void> {
  const rows = await queryRows<Replay>(
    connection,
    `SELECT ${COLUMNS} FROM replays
     WHERE tenant_id = $1 AND replay_id != $2 AND ${LIVE} AND range_start < $4 AND range_end > $3
     ORDER BY created_at LIMIT 1`,
    [range.tenantId, range.replayId, range.rangeStart, range.rangeEnd],
  );
  const other = rows[0];
  if (other === undefined) return;
  throw new UnmogrowpError(
    'replay_overlaps',
    `Replay ${other.replay_id} of ${other.range_start.toISOString()} to ${other.range_end.toISOString()} is under way ` +
      `(${other.operation}, ${other.state}). Wait for its end or stop it: unmogrowp replay cancel ${other.replay_id}`,
    { context: { replay_id: other.replay_id } },
  );
}

function refuseOperation(replay: Replay, operation: ReplayOperation): void {
  const refusal = refusalOf(replay, operation);
  if (refusal === undefined) return;
  throw new UnmogrowpError('replay_invalid', `Replay ${replay.replay_id} ${refusal}`);
}

function refusalOf(replay: Replay, operation: ReplayOperation): string | undefined {
  const { state, operation: last, is_dry_run: isDryRun } = replay;
  if (isLive(replay)) return `is under way (${last}, ${state}). See: unmogrowp replay watch`;
  if (operation === 'publish') {
    if (!isDryRun) return 'was no dry run: what it computed is published already';
    if (last === 'run' && state !== 'ended') return 'was cancelled before all its windows were computed';
    if (last === 'rollback') return 'was rolled back; start a new one to publish it again';
  }
  if (operation === 'rollback' && isDryRun && last === 'run') return 'is a dry run that was not published';
  return undefined;
}

/** Settings that a replay brings along become a version of their own, which nothing else ever takes by itself. */
async function settingsOf(connection: PostgresQueryable, replay: NewReplay): Promise<number | null> {
  const { tenantId, replayId, settings, asOf } = replay;
  if (settings.kind === 'kept' || (settings.kind === 'in_force' && asOf !== null)) return null;
  const inForce = await loadSettings(connection, tenantId);
  if (settings.kind === 'in_force') return inForce.version;
  refuseOtherThanCredits(settings.changes);
  const changed = changedSettings(inForce, settings.changes);
  if (isSame(changed, inForce.settings)) return inForce.version;
  const stored = await insertSettings(connection, { tenantId, settings: changed, appliesFrom: null, replayId });
  return stored.version;
}

/** What decides when windows close and how users are told apart cannot be another one for a replay. */
const NOT_OF_A_REPLAY = [
  'granularity',
  'allowed_lateness_seconds',
  'late_horizon_seconds',
  'identity_priority',
] as const satisfies readonly (keyof Settings)[];

function refuseOtherThanCredits(changes: Readonly<Record<string, unknown>>): void {
  const wrong = NOT_OF_A_REPLAY.filter((name) => name in changes);
  if (wrong.length === 0) return;
  throw new UnmogrowpError(
    'settings_invalid',
    `A replay cannot change ${wrong.join(', ')}: they decide when windows close and who a user is, not what credit is.`,
  );
}
