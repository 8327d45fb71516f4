-- Each replay with its windows by the state that they reached. Who asked for it and why stands in PostgreSQL:
-- unmogrowp replay show.
CREATE OR REPLACE VIEW board_replays {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    toString(replay_id) AS replay,
    any(tenant_id) AS tenant_id,
    min(window_start) AS range_start,
    max(window_end) AS range_end,
    min(first_recorded_at) AS started_at,
    max(recorded_at) AS last_recorded_at,
    count() AS windows,
    countIf(state IN ('published', 'kept')) AS published,
    countIf(state = 'computed') AS computed,
    countIf(state = 'unchanged') AS unchanged,
    countIf(state = 'conflict') AS conflicts,
    countIf(state = 'failed') AS failed,
    countIf(state = 'rolled_back') AS rolled_back
FROM replay_runs
INNER JOIN (
    SELECT replay_id, window_start, min(recorded_at) AS first_recorded_at
    FROM replay_runs_raw_v1
    GROUP BY replay_id, window_start
) AS firsts USING (replay_id, window_start)
GROUP BY replay_id
