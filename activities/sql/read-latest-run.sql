SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    toInt64(toUnixTimestamp(window_end)) * 1000 AS windowEndMs,
    granularity,
    toString(run_id) AS runId,
    state,
    reason,
    settings_version AS settingsVersion,
    settings,
    cutoff,
    code_version AS codeVersion,
    conversions,
    conversions_attributed AS conversionsAttributed,
    conversions_organic AS conversionsOrganic,
    touchpoints,
    credits,
    toString(checksum) AS checksum,
    trace_id AS traceId,
    toUnixTimestamp64Milli(started_at) AS startedAtMs,
    toUnixTimestamp64Milli(finished_at) AS finishedAtMs,
    replay_id AS replayId
FROM runs
WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
ORDER BY started_at DESC, run_id DESC
LIMIT 1
