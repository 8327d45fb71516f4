-- Every publication of every window with what its run counted, and what the one before it had counted: when and why a
-- number changed.
CREATE OR REPLACE VIEW board_publications {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id,
    window_start,
    version,
    reason,
    settings_version,
    published_at,
    trace_id,
    run.conversions AS conversions,
    run.conversions_attributed AS conversions_attributed,
    lagInFrame(run.conversions, 1, 0) OVER previous AS conversions_before,
    lagInFrame(run.conversions_attributed, 1, 0) OVER previous AS conversions_attributed_before,
    run.code_version AS code_version,
    run.replay_id AS replay_id
FROM publications_raw_v1 AS published
LEFT JOIN runs AS run USING (tenant_id, window_start, run_id)
WINDOW previous AS (
    PARTITION BY tenant_id, window_start ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
