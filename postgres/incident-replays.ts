import { type PostgresQueryable, queryRows } from './pool.ts';

/** An open incident and a replay that was linked to it and has been published, of which its timeline does not tell yet. */
export interface UntoldReplay {
  readonly workflow_id: string;
  readonly replay_id: string;
}

/** Replays that are published and linked to incidents that are open and do not know it. */
export function findUntoldReplays(connection: PostgresQueryable): Promise<UntoldReplay[]> {
  return queryRows<UntoldReplay>(
    connection,
    `SELECT DISTINCT incidents.workflow_id, replays.replay_id
     FROM incidents
     JOIN incident_timeline AS linked ON linked.incident_id = incidents.incident_id AND linked.kind = 'replay_linked'
     JOIN replays ON replays.replay_id::text = linked.details->>'replayId'
     WHERE incidents.resolved_at IS NULL AND replays.state = 'ended'
       AND (replays.operation = 'publish' OR (replays.operation = 'run' AND NOT replays.is_dry_run))
       AND NOT EXISTS (
         SELECT 1 FROM incident_timeline AS told
         WHERE told.incident_id = incidents.incident_id AND told.kind = 'replay_published'
           AND told.details->>'replayId' = linked.details->>'replayId'
       )`,
  );
}
