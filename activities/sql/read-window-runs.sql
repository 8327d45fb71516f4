SELECT
    toString(run_id) AS runId,
    toString(state) AS state,
    toString(reason) AS reason,
    replay_id AS replayId,
    settings_version AS settingsVersion,
    cutoff,
    code_version AS codeVersion,
    conversions,
    conversions_attributed AS conversionsAttributed,
    conversions_organic AS conversionsOrganic,
    touchpoints,
    credits,
    trace_id AS traceId,
    toUnixTimestamp64Milli(started_at) AS startedAtMs,
    duration_ms AS durationMs,
    version,
    toUnixTimestamp64Milli(published_at) AS publishedAtMs
FROM runs
LEFT JOIN (
    SELECT tenant_id, window_start, run_id, max(publications_raw_v1.version) AS version, min(publications_raw_v1.published_at) AS published_at
    FROM publications_raw_v1
    WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    GROUP BY tenant_id, window_start, run_id
) AS published USING (tenant_id, window_start, run_id)
WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
ORDER BY started_at DESC, run_id
LIMIT {runsMax:UInt32}
