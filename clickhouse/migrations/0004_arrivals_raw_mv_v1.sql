-- Fills arrivals_raw_v1 with every insert into events_raw_v1; a repeated insert is dropped here by the same token.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_raw_mv_v1 {on_cluster} TO arrivals_raw_v1 AS
SELECT
    tenant_id, inserted_at, app_id, user_key, occurred_at, event_type, received_at, kafka_topic, kafka_partition, kafka_offset
FROM events_raw_v1
