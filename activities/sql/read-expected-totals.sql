-- What the credits of a run must add up to, from the events themselves: every conversion of the window whose first visible
-- copy lies in it, once. Written apart from the statement that computes the credits, so that one can disprove the other.
WITH
    {cutoff:Map(String, Array(UInt64))} AS cutoff,
    -- Read in the order of the table, in which the first copy of each conversion comes first: nothing is sorted.
    first_copies AS (
        SELECT event_id, received_at, kafka_topic, kafka_partition, kafka_offset
        FROM conversions_by_id_v1
        WHERE tenant_id = {tenantId:String}
            AND event_id IN (
                SELECT event_id
                FROM events_raw_v1
                WHERE tenant_id = {tenantId:String}
                    AND event_type IN ('install', 'conversion')
                    AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
                    AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC'))
            AND kafka_offset < cutoff[kafka_topic][kafka_partition + 1]
        ORDER BY event_id, received_at, kafka_topic, kafka_partition, kafka_offset
        LIMIT 1 BY event_id
    ),
    -- Of events of which copies differ in what they say: no other copy counts, be it a conversion or not.
    collided AS (
        SELECT event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
        FROM collisions_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND event_id IN (
                SELECT event_id
                FROM collisions_raw_v1
                WHERE tenant_id = {tenantId:String}
                    AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
                    AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC'))
            AND kafka_offset < cutoff[kafka_topic][kafka_partition + 1]
        ORDER BY event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
        LIMIT 1 BY event_id
    )
SELECT currency, count() AS conversions, toString(sum(revenue)) AS value
FROM (
    SELECT currency, revenue
    FROM events_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND event_type IN ('install', 'conversion')
        AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
        AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC')
        AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name))
        AND (event_id, received_at, kafka_topic, kafka_partition, kafka_offset) IN (SELECT * FROM first_copies)
        AND (
            event_id NOT IN (SELECT event_id FROM collided)
            OR (event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key)
                IN (SELECT * FROM collided))
    -- The sink may have inserted a row again, and one record may hold an identity with two amounts.
    ORDER BY event_id, occurred_at, name, revenue, currency
    LIMIT 1 BY event_id
)
GROUP BY currency
ORDER BY currency
