-- Fills arrivals_raw_v1 with every insert into events_raw_v1; a repeated insert is dropped here by the same token.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrivals_raw_mv_v1 {on_cluster} TO arrivals_raw_v1 AS
SELECT
    kafka_topic, kafka_partition, kafka_offset, tenant_id, app_id, user_key, occurred_at, event_id, event_type, name,
    channel, received_at, inserted_at
FROM events_raw_v1
