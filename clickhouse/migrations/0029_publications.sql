-- The publication of each window that readers see, with what its run was allowed to see, what it counted, and the replay
-- that made it, if it was one.
CREATE OR REPLACE VIEW publications {on_cluster} AS
SELECT
    published.tenant_id AS tenant_id,
    published.window_start AS window_start,
    published.window_end AS window_end,
    published.granularity AS granularity,
    published.version AS version,
    published.run_id AS run_id,
    published.reason AS reason,
    published.settings_version AS settings_version,
    published.published_at AS published_at,
    published.trace_id AS trace_id,
    run.conversions AS conversions,
    run.conversions_attributed AS conversions_attributed,
    run.conversions_organic AS conversions_organic,
    run.touchpoints AS touchpoints,
    run.credits AS credits,
    run.checksum AS checksum,
    run.cutoff AS cutoff,
    run.code_version AS code_version,
    run.duration_ms AS duration_ms,
    run.replay_id AS replay_id
FROM current_publications AS published
LEFT JOIN runs AS run USING (tenant_id, window_start, run_id)
