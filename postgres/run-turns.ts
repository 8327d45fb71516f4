import type { Granularity } from '../events/settings.ts';
import { type PostgresPool, type PostgresQueryable, inTransaction, queryRows } from './pool.ts';

/** A window whose run is under way or waits for its turn. */
export interface RunTurn {
  tenant_id: string;
  window_start: Date;
  granularity: Granularity;
}

export interface TurnRequest extends RunTurn {
  /** Replays stand behind all others and leave one turn to them. */
  is_replay: boolean;
}

/** What asking for a turn or giving one back has changed. */
export interface TurnsChanged {
  /** Windows that waited and may run now; somebody has to tell them. */
  granted: RunTurn[];
}

const LOCK_CLASS = 7_306_816;

/**
 * Asks for a turn; a window that has one keeps it. `ahead` is null when it may run, and otherwise how many of its tenant
 * wait before it.
 */
export function takeTurn(
  pool: PostgresPool,
  request: TurnRequest,
  runsMax: number,
): Promise<TurnsChanged & { ahead: number | null }> {
  const { tenant_id: tenantId, window_start: windowStart, granularity, is_replay: isReplay } = request;
  return inTransaction(pool, async (connection) => {
    await lockTurns(connection, tenantId);
    await queryRows(
      connection,
      `INSERT INTO run_turns (tenant_id, window_start, granularity, is_replay) VALUES ($1, $2, $3, $4)
       ON CONFLICT (tenant_id, window_start) DO UPDATE SET is_replay = excluded.is_replay`,
      [tenantId, windowStart, granularity, isReplay],
    );
    const granted = await grantTurns(connection, tenantId, runsMax);
    const waiting = await waitingTurns(connection, tenantId);
    const place = waiting.findIndex((turn) => turn.window_start.getTime() === windowStart.getTime());
    return { granted: granted.filter((turn) => !isSameWindow(turn, request)), ahead: place < 0 ? null : place };
  });
}

/** Ends the turn of a window, whether it runs or waits; ending one that is gone is fine. */
export function endTurn(
  pool: PostgresPool,
  { tenant_id: tenantId, window_start: windowStart }: Omit<RunTurn, 'granularity'>,
  runsMax: number,
): Promise<TurnsChanged> {
  return inTransaction(pool, async (connection) => {
    await lockTurns(connection, tenantId);
    await queryRows(connection, 'DELETE FROM run_turns WHERE tenant_id = $1 AND window_start = $2', [
      tenantId,
      windowStart,
    ]);
    return { granted: await grantTurns(connection, tenantId, runsMax) };
  });
}

/** The windows whose run is under way, of all tenants; `forMs` leaves out those that began less long ago. */
export function turnsUnderWay(
  connection: PostgresQueryable,
  { forMs = 0 }: { forMs?: number } = {},
): Promise<RunTurn[]> {
  return queryRows<RunTurn>(
    connection,
    `SELECT tenant_id, window_start, granularity FROM run_turns
     WHERE begun_at <= clock_timestamp() - make_interval(secs => $1) ORDER BY tenant_id, window_start`,
    [forMs / 1_000],
  );
}

/** Two windows of a tenant that ask at once must not both take its last turn. */
async function lockTurns(connection: PostgresQueryable, tenantId: string): Promise<void> {
  await queryRows(connection, 'SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, tenantId]);
}

async function grantTurns(connection: PostgresQueryable, tenantId: string, runsMax: number): Promise<RunTurn[]> {
  const underWay = await queryRows<{ is_replay: boolean }>(
    connection,
    'SELECT is_replay FROM run_turns WHERE tenant_id = $1 AND begun_at IS NOT NULL',
    [tenantId],
  );
  const waiting = await waitingTurns(connection, tenantId);
  const granted = nextTurns(waiting, underWay, runsMax);
  if (granted.length === 0) return [];
  await queryRows(
    connection,
    `UPDATE run_turns SET begun_at = clock_timestamp() WHERE tenant_id = $1 AND window_start = ANY($2::timestamptz[])`,
    [tenantId, granted.map((turn) => turn.window_start)],
  );
  return granted;
}

function waitingTurns(connection: PostgresQueryable, tenantId: string): Promise<TurnRequest[]> {
  return queryRows<TurnRequest>(
    connection,
    `SELECT tenant_id, window_start, granularity, is_replay FROM run_turns
     WHERE tenant_id = $1 AND begun_at IS NULL ORDER BY is_replay, asked_at, window_start`,
    [tenantId],
  );
}

/** Which of those that wait, in their order, may run beside those that do. */
export function nextTurns<Turn extends { is_replay: boolean }>(
  waiting: readonly Turn[],
  underWay: readonly { is_replay: boolean }[],
  runsMax: number,
): Turn[] {
  const replaysMax = Math.max(1, runsMax - 1);
  const isReplay = (turn: { is_replay: boolean }): boolean => turn.is_replay;
  const next: Turn[] = [];
  for (const turn of waiting) {
    const running = [...underWay, ...next];
    const hasRoom = running.length < runsMax;
    if (hasRoom && (!turn.is_replay || running.filter(isReplay).length < replaysMax)) next.push(turn);
  }
  return next;
}

const isSameWindow = (left: RunTurn, right: RunTurn): boolean =>
  left.tenant_id === right.tenant_id && left.window_start.getTime() === right.window_start.getTime();
