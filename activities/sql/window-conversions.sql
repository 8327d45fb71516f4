-- The conversions that lie in a window as its publication has seen them, each by its first copy, and how many of them its
-- settings do not count. Read from the events, not from what the run has recorded.
WITH
    (
        SELECT (run.cutoff, JSONExtract(run.settings, 'conversion_names', 'Array(String)'))
        FROM current_publications AS published
        INNER JOIN runs AS run USING (tenant_id, window_start, run_id)
        WHERE published.tenant_id = {tenantId:String}
            AND published.window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    ) AS published,
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
            AND kafka_offset < published.1[kafka_topic][kafka_partition + 1]
        ORDER BY event_id, received_at, kafka_topic, kafka_partition, kafka_offset
        LIMIT 1 BY event_id
    ),
    collided AS (
        SELECT event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
        FROM collisions_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND event_id IN (SELECT event_id FROM first_copies)
            AND kafka_offset < published.1[kafka_topic][kafka_partition + 1]
        ORDER BY event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
        LIMIT 1 BY event_id
    )
SELECT count() AS conversions, countIf(notEmpty(published.2) AND NOT has(published.2, name)) AS notCounted
FROM (
    SELECT name
    FROM events_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND event_type IN ('install', 'conversion')
        AND occurred_at >= fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC')
        AND occurred_at < fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC')
        AND (event_id, received_at, kafka_topic, kafka_partition, kafka_offset) IN (SELECT * FROM first_copies)
        AND (
            event_id NOT IN (SELECT event_id FROM collided)
            OR (event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key)
                IN (SELECT * FROM collided))
    LIMIT 1 BY event_id
)
