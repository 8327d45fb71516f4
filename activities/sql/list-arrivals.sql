-- What the rows of a slice of the log are: by tenant, hour of event time and partition.
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(toStartOfHour(occurred_at, 'UTC'))) * 1000 AS hourMs,
    kafka_partition AS partition,
    max(kafka_offset) + 1 AS until,
    countIf(event_type IN ('click', 'impression')) AS touchpoints,
    arraySort(groupUniqArrayIf(name, event_type IN ('install', 'conversion'))) AS conversionNames
FROM arrivals_raw_v1
WHERE kafka_topic = {topic:String}
    AND (kafka_partition, kafka_offset) IN (
        SELECT bounds.1, arrayJoin(range(bounds.2, bounds.3))
        FROM (
            SELECT arrayJoin(arrayZip(
                {partitions:Array(UInt32)}, {offsetsFrom:Array(UInt64)}, {offsetsUntil:Array(UInt64)}
            )) AS bounds
        )
    )
GROUP BY tenantId, hourMs, partition
ORDER BY tenantId, hourMs, partition
