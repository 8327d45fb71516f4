-- As before, with the replay: a view keeps the columns that it had when it was made.
CREATE OR REPLACE VIEW runs {on_cluster} AS
SELECT *
FROM runs_raw_v1
ORDER BY tenant_id, window_start, run_id, state DESC
LIMIT 1 BY tenant_id, window_start, run_id
