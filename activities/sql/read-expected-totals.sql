-- What the credits of a run must add up to, from the events themselves: every conversion of the window whose first visible
-- copy lies in it, once. Written apart from the statement that computes the credits, so that one can disprove the other.
WITH
    {cutoff:Map(String, Array(UInt64))} AS cutoff,
    window_copies AS (
        SELECT event_id, received_at, kafka_topic, kafka_partition, kafka_offset, name, revenue, currency
        FROM events_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND event_type IN ('install', 'conversion')
            AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
            AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC')
            AND kafka_offset < cutoff[kafka_topic][kafka_partition + 1]
        ORDER BY received_at, kafka_topic, kafka_partition, kafka_offset
        LIMIT 1 BY event_id
    ),
    first_copies AS (
        SELECT event_id, min((received_at, kafka_topic, kafka_partition, kafka_offset)) AS first_copy
        FROM conversions_by_id_v1
        WHERE tenant_id = {tenantId:String}
            AND event_id IN (SELECT event_id FROM window_copies)
            AND kafka_offset < cutoff[kafka_topic][kafka_partition + 1]
        GROUP BY event_id
    )
SELECT currency, count() AS conversions, toString(sum(revenue)) AS value
FROM window_copies
INNER JOIN first_copies USING (event_id)
WHERE (received_at, kafka_topic, kafka_partition, kafka_offset) = first_copy
    AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name))
GROUP BY currency
ORDER BY currency
