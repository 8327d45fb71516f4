-- Each run once, in the newest state that it reached. A filter on tenant_id, window_start or run_id reaches the table.
CREATE VIEW IF NOT EXISTS runs {on_cluster} AS
SELECT *
FROM runs_raw_v1
ORDER BY tenant_id, window_start, run_id, state DESC
LIMIT 1 BY tenant_id, window_start, run_id
