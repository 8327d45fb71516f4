-- Fills arrivals_per_hour_v1. An insert of 100,000 rows becomes some hundreds.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_per_hour_mv_v1 {on_cluster} TO arrivals_per_hour_v1 AS
SELECT
    tenant_id,
    toStartOfHour(occurred_at, 'UTC') AS hour,
    kafka_topic,
    kafka_partition,
    max(kafka_offset) AS kafka_offset_max,
    min(received_at) AS received_at_min,
    max(received_at) AS received_at_max
FROM events_raw_v1
GROUP BY tenant_id, hour, kafka_topic, kafka_partition
