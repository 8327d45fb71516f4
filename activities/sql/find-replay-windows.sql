-- The windows of a range that a replay computes, the oldest first: those that were ever computed, and those with rows
-- whose first close is due. What has ended in this replay is left out.
SELECT toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs, count() OVER () AS remaining
FROM (
    SELECT toDateTime(intDiv(toUnixTimestamp(hour), {windowSeconds:UInt32}) * {windowSeconds:UInt32}, 'UTC') AS window_start
    FROM arrivals_per_hour_v1
    WHERE tenant_id = {tenantId:String}
        AND hour >= toDateTime(intDiv({fromMs:Int64}, 1000), 'UTC')
        AND hour < toDateTime(intDiv({toMs:Int64}, 1000), 'UTC')
        AND (toUnixTimestamp(window_start) + {windowSeconds:UInt32} + {latenessSeconds:UInt32}) * 1000 <= {nowMs:Int64}
    UNION DISTINCT
    SELECT window_start
    FROM runs_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND window_start >= toDateTime(intDiv({fromMs:Int64}, 1000), 'UTC')
        AND window_start < toDateTime(intDiv({toMs:Int64}, 1000), 'UTC')
) AS windows
WHERE toInt64(toUnixTimestamp(window_start)) * 1000 > {afterMs:Int64}
    AND window_start NOT IN (SELECT window_start FROM replay_runs_raw_v1 WHERE replay_id = {replayId:UUID})
ORDER BY window_start
LIMIT {windowsMax:UInt32}
