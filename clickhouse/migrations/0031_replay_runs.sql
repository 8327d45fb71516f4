-- Each window of a replay once, in the newest state that it reached. A filter on replay_id or window_start reaches the
-- table.
CREATE VIEW IF NOT EXISTS replay_runs {on_cluster} AS
SELECT *
FROM replay_runs_raw_v1
ORDER BY replay_id, window_start, state DESC
LIMIT 1 BY replay_id, window_start
