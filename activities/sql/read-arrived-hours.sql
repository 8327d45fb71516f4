SELECT DISTINCT tenant_id AS tenantId, toInt64(toUnixTimestamp(toStartOfHour(received_at, 'UTC'))) * 1000 AS hourMs
FROM arrivals_raw_v1
WHERE kafka_topic = {topic:String} AND received_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
ORDER BY tenantId, hourMs
