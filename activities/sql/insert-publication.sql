-- Writes nothing when the version is taken, by this run or by another: the caller reads who has it.
INSERT INTO publications_raw_v1
SELECT
    {tenantId:String} AS tenant_id,
    toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC') AS window_start,
    toDateTime(intDiv({windowEndMs:Int64}, 1000), 'UTC') AS window_end,
    {granularity:String} AS granularity,
    {version:UInt32} AS version,
    {runId:UUID} AS run_id,
    {reason:String} AS reason,
    {settingsVersion:UInt32} AS settings_version,
    fromUnixTimestamp64Milli({publishedAtMs:Int64}, 'UTC') AS published_at,
    {traceId:String} AS trace_id
WHERE (
    SELECT count()
    FROM publications_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
        AND version >= {version:UInt32}
) = 0
