import { randomUUID } from 'node:crypto';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WindowClient } from '../../activities/client.ts';
import type { ReplayChange } from '../../activities/replay-contract.ts';
import { changeRunningReplay, startReplay } from '../../activities/replay-client.ts';
import { UnmogrowpError } from '../../errors.ts';
import { inTransaction } from '../../postgres/pool.ts';
import {
  type Replay,
  type ReplayOperation,
  addReplayAction,
  beginOperation,
  changeReplay,
  isLive,
  loadReplay,
} from '../../postgres/replays.ts';
import type { WhoAndWhy } from './options.ts';
import type { ReplayParts } from './parts.ts';

type Parts = ReplayParts & { client: WindowClient };

/** Pauses, resumes, cancels or paces a replay that is under way. Throws `replay_invalid` when that cannot be. */
export async function changeReplayNow(
  parts: Parts,
  replayId: string,
  change: Omit<ReplayChange, 'actionKey' | 'note' | 'by'> & WhoAndWhy,
): Promise<Replay> {
  const { pool, client } = parts;
  const replay = await loadReplay(pool, replayId);
  if (!isLive(replay)) {
    throw new UnmogrowpError(
      'replay_invalid',
      `Replay ${replayId} is not under way: ${replay.operation} ${replay.state}.`,
    );
  }
  const { action, by, reason: note, concurrency } = change;
  const named: ReplayChange = {
    action,
    by,
    note,
    actionKey: randomUUID(),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
  try {
    const isFollowed = await changeRunningReplay(client, { replayId, operation: replay.operation }, named);
    if (!isFollowed) await changeWithoutWorkflow(parts, replay, named);
  } catch (error) {
    throw refusalOf(error, replayId);
  }
  return loadReplay(pool, replayId);
}

/** Lets the next operation of a replay begin: the publication of a dry run, or the rollback. */
export async function startOperation(
  { pool, client }: Parts,
  replayId: string,
  request: { operation: ReplayOperation } & WhoAndWhy,
): Promise<Replay> {
  const { operation, by, reason: note } = request;
  const replay = await beginOperation(pool, replayId, { operation, by, note, actionKey: randomUUID() });
  await startReplay(client, { replayId, operation });
  return replay;
}

/** Its workflow was lost, or the command that started it ended too early: what has ended stands in the state of record. */
async function changeWithoutWorkflow({ pool, client }: Parts, replay: Replay, change: ReplayChange): Promise<void> {
  const { replay_id: replayId, operation } = replay;
  const { action, by, note, actionKey, concurrency } = change;
  const state = ({ pause: 'paused', resume: 'running', cancel: 'cancelled', concurrency: undefined } as const)[action];
  await inTransaction(pool, async (connection) => {
    await changeReplay(connection, replayId, {
      ...(state === undefined ? {} : { state }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    await addReplayAction(connection, replayId, { key: actionKey, action, by, note });
  });
  if (action === 'resume') await startReplay(client, { replayId, operation });
}

function refusalOf(thrown: unknown, replayId: string): unknown {
  const refusal = thrown instanceof WorkflowUpdateFailedError ? thrown.cause : undefined;
  if (refusal === undefined) return thrown;
  return new UnmogrowpError('replay_invalid', `Replay ${replayId}: ${refusal.message}`, { cause: thrown });
}
