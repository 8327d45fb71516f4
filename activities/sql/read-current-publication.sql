SELECT
    version,
    toString(run_id) AS runId,
    reason,
    settings_version AS settingsVersion,
    toUnixTimestamp64Milli(published_at) AS publishedAtMs,
    trace_id AS traceId,
    toUnixTimestamp64Milli(min(published_at) OVER ()) AS firstPublishedAtMs
FROM publications_raw_v1
WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
ORDER BY version DESC, published_at, run_id
LIMIT 1
