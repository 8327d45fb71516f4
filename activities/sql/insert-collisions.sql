-- Every copy of these events; those that are stored already are the same rows again.
SELECT
    tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key, content, app_id,
    event_type, name
FROM events_raw_v1
WHERE (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM colliding)
    AND event_id IN (SELECT event_id FROM colliding)
