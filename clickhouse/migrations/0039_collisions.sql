-- Copies of events that came with another content than the copy that was received first, and do not count; `counted_…` is
-- where that one lies.
CREATE VIEW IF NOT EXISTS collisions {on_cluster} AS
SELECT
    tenant_id, event_id, event_type, app_id, occurred_at, received_at, kafka_topic, kafka_partition, kafka_offset,
    first_copy.1 AS counted_topic,
    first_copy.2 AS counted_partition,
    first_copy.3 AS counted_offset
FROM
(
    SELECT
        *,
        first_value((kafka_topic, kafka_partition, kafka_offset, content)) OVER (
            PARTITION BY tenant_id, event_id
            ORDER BY received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
        ) AS first_copy
    FROM collisions_raw_v1 FINAL
)
WHERE content != first_copy.4
