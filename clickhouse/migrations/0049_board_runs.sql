-- Every run with how it ended and how long it took, for boards.
CREATE OR REPLACE VIEW board_runs {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id, window_start, window_end, toString(run_id) AS run_id, state, reason, settings_version, code_version,
    conversions, touchpoints, credits, started_at, finished_at, duration_ms / 1000 AS seconds, trace_id, replay_id
FROM runs
