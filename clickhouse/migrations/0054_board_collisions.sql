-- Copies of events that say something else than the copy received first, for boards.
CREATE OR REPLACE VIEW board_collisions {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id, toString(event_id) AS event_id, event_type, app_id, occurred_at, received_at, kafka_topic, kafka_partition,
    kafka_offset, counted_partition, counted_offset
FROM collisions
