-- The windows of a range in whose own time rows lie.
SELECT DISTINCT
    intDiv(toUnixTimestamp(hour), {granularitySeconds:Int64}) * {granularitySeconds:Int64} * 1000 AS windowStartMs
FROM arrivals_per_hour_v1
WHERE tenant_id = {tenantId:String}
    AND hour >= fromUnixTimestamp({windowsFromSeconds:Int64})
    AND hour < fromUnixTimestamp({windowsToSeconds:Int64})
ORDER BY windowStartMs
