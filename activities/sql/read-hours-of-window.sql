-- The hours of receipt of the rows that lie in a window.
SELECT DISTINCT toInt64(toUnixTimestamp(toStartOfHour(received_at, 'UTC'))) * 1000 AS hourMs
FROM events_raw_v1
WHERE tenant_id = {tenantId:String}
    AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC')
ORDER BY hourMs
