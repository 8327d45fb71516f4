-- The tables that lack rows of a range, all of which ClickHouse says it has. Nothing is asked of replicated tables: they
-- decide on a part and its token at once. A part is there as a whole or not at all, so some rows of each day stand for all;
-- in order, for the same ones are taken each time that they are named here.
WITH
    arrived AS
    (
        SELECT tenant_id, app_id, user_key, occurred_at, event_id, event_type, name, received_at, kafka_offset
        FROM arrivals_raw_v1
        WHERE kafka_topic = {topic:String} AND kafka_partition = {partition:UInt32}
            AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64}
    ),
    sampled AS
    (
        SELECT * FROM arrived ORDER BY kafka_offset, event_id LIMIT {perDay:UInt32} BY toYYYYMMDD(occurred_at)
    ),
    stored AS
    (
        SELECT tenant_id, event_id, content, kafka_offset
        FROM events_raw_v1
        WHERE (tenant_id, app_id, user_key, occurred_at, event_id) IN (
                SELECT tenant_id, app_id, user_key, occurred_at, event_id FROM sampled)
            AND kafka_topic = {topic:String} AND kafka_partition = {partition:UInt32}
            AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64}
    ),
    converted AS
    (
        SELECT *
        FROM arrived
        WHERE event_type IN ('install', 'conversion')
        ORDER BY kafka_offset, event_id
        LIMIT {perDay:UInt32} BY toYYYYMMDD(occurred_at)
    )
SELECT table
FROM
(
    SELECT 'arrivals_raw_v1' AS table, count() < {rows:UInt64} AS lacks FROM arrived
    UNION ALL
    SELECT 'events_raw_v1', count() > 0
    FROM sampled
    WHERE (event_id, kafka_offset) NOT IN (SELECT event_id, kafka_offset FROM stored)
    UNION ALL
    SELECT 'event_contents_v1', count() > 0
    FROM stored
    WHERE (tenant_id, event_id, content) NOT IN (
        SELECT tenant_id, event_id, content
        FROM event_contents_v1
        WHERE (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM stored))
    UNION ALL
    SELECT 'conversions_by_id_v1', count() > 0
    FROM converted
    WHERE (tenant_id, event_id, received_at, kafka_offset) NOT IN (
        SELECT tenant_id, event_id, received_at, kafka_offset
        FROM conversions_by_id_v1
        WHERE (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM converted)
            AND kafka_topic = {topic:String} AND kafka_partition = {partition:UInt32})
    UNION ALL
    SELECT 'conversions_by_user_v1', count() > 0
    FROM converted
    WHERE (tenant_id, app_id, user_key, occurred_at, name) NOT IN (
        SELECT tenant_id, app_id, user_key, occurred_at, name
        FROM conversions_by_user_v1
        WHERE (tenant_id, app_id, user_key, occurred_at) IN (
            SELECT tenant_id, app_id, user_key, occurred_at FROM converted))
    UNION ALL
    SELECT 'arrivals_per_hour_v1', count() > 0
    FROM
    (
        SELECT tenant_id, toStartOfHour(occurred_at, 'UTC') AS hour, max(kafka_offset) AS offset_max
        FROM arrived
        GROUP BY tenant_id, hour
    ) AS hours
    LEFT JOIN
    (
        SELECT tenant_id, hour, max(kafka_offset_max) AS offset_max
        FROM arrivals_per_hour_v1
        WHERE kafka_topic = {topic:String} AND kafka_partition = {partition:UInt32}
            AND (tenant_id, hour) IN (SELECT tenant_id, toStartOfHour(occurred_at, 'UTC') FROM arrived)
        GROUP BY tenant_id, hour
    ) AS known USING (tenant_id, hour)
    WHERE known.offset_max < hours.offset_max
)
WHERE lacks
    AND (SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'events_raw_v1') = 'MergeTree'
ORDER BY table
