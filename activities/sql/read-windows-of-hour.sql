-- The windows of a tenant that what was received in an hour may belong to and that were ever judged: the one that lies
-- around the hour, and those in which rows of the hour lie.
WITH
    {windowSeconds:UInt32} AS seconds,
    of_hour AS (
        SELECT DISTINCT toDateTime(intDiv(toUnixTimestamp(occurred_at), seconds) * seconds, 'UTC') AS window_start
        FROM arrivals_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND received_at >= fromUnixTimestamp64Milli({hourMs:Int64}, 'UTC')
            AND received_at < fromUnixTimestamp64Milli({hourMs:Int64} + 3600000, 'UTC')
        UNION DISTINCT
        SELECT toDateTime(intDiv(intDiv({hourMs:Int64}, 1000), seconds) * seconds, 'UTC')
    )
SELECT
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    argMaxIf(toString(state), started_at, state != 'computed') AS runState,
    greatest(0, toUnixTimestamp64Milli(any(first_published_at))) AS firstPublishedAtMs
FROM runs
LEFT JOIN (
    SELECT tenant_id, window_start, min(published_at) AS first_published_at
    FROM publications_raw_v1
    WHERE tenant_id = {tenantId:String}
    GROUP BY tenant_id, window_start
) AS published USING (tenant_id, window_start)
WHERE tenant_id = {tenantId:String} AND window_start IN (SELECT window_start FROM of_hour)
GROUP BY windowStartMs
HAVING runState != ''
ORDER BY windowStartMs DESC
LIMIT {windowsMax:UInt32}
