-- One row for each event, whatever was sent again: the first that was received. Ties are settled by the position on
-- Kafka, so the answer never changes. A filter on tenant_id or event_id reaches the table below; one on any other column
-- is applied after the choice, because the first copy decides and may lie outside of it.
CREATE VIEW IF NOT EXISTS events {on_cluster} AS
SELECT *
FROM events_raw_v1
ORDER BY tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset
LIMIT 1 BY tenant_id, event_id
