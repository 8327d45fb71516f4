INSERT INTO replay_runs_raw_v1
SELECT
    {replayId:UUID} AS replay_id,
    {tenantId:String} AS tenant_id,
    toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC') AS window_start,
    toDateTime(intDiv({windowEndMs:Int64}, 1000), 'UTC') AS window_end,
    {granularity:String} AS granularity,
    {state:String} AS state,
    {runId:UUID} AS run_id,
    {baseRunId:UUID} AS base_run_id,
    {baseVersion:UInt32} AS base_version,
    {version:UInt32} AS version,
    {code:String} AS code,
    {message:String} AS message,
    fromUnixTimestamp64Milli({recordedAtMs:Int64}, 'UTC') AS recorded_at
