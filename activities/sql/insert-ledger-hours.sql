-- Repeating it changes nothing: the newest measure of an hour counts.
INSERT INTO ledger_raw_v1
SELECT
    entry.1 AS tenant_id,
    toDateTime(intDiv(entry.2, 1000), 'UTC') AS hour,
    entry.3[1] AS accepted,
    entry.3[2] AS spooled,
    entry.3[3] AS on_kafka,
    entry.3[4] AS dead_lettered,
    entry.3[5] AS stored,
    entry.3[6] AS duplicates,
    entry.3[7] AS events,
    entry.3[8] AS inside_windows,
    entry.3[9] AS waiting,
    entry.3[10] AS late_beyond_horizon,
    entry.3[11] AS conversions,
    entry.3[12] AS credited,
    entry.3[13] AS organic,
    entry.3[14] AS not_counted,
    entry.4 AS differences,
    entry.5 AS is_closed,
    entry.6 AS is_told,
    fromUnixTimestamp64Milli(entry.7, 'UTC') AS measured_at
FROM (
    SELECT arrayJoin(arrayZip(
        {tenantIds:Array(String)},
        {hoursMs:Array(Int64)},
        {counts:Array(Array(UInt64))},
        {differences:Array(Map(String, UInt64))},
        {areClosed:Array(Bool)},
        {areTold:Array(Bool)},
        {measuredAtMs:Array(Int64)}
    )) AS entry
)
