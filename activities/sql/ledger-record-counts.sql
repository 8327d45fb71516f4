SELECT
    tenant AS tenantId,
    toInt64(toUnixTimestamp(hour)) * 1000 AS hourMs,
    sum(arrived) AS rows,
    sum(if(announced = 0, arrived, announced)) AS onKafka,
    sum(if(announced = 0, 0, greatest(arrived, announced) - announced)) AS insertedTwice,
    toUnixTimestamp64Milli(min(first_at)) AS occurredFromMs,
    toUnixTimestamp64Milli(max(last_at)) AS occurredToMs
FROM records
GROUP BY tenantId, hourMs
ORDER BY tenantId, hourMs
