-- Fills conversions_by_id_v1; touchpoints, most of the rows, are left out.
CREATE MATERIALIZED VIEW IF NOT EXISTS conversions_by_id_mv_v1 {on_cluster} TO conversions_by_id_v1 AS
SELECT
    tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, app_id, user_key, name
FROM events_raw_v1
WHERE event_type IN ('install', 'conversion')
