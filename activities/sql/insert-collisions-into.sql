INSERT INTO collisions_raw_v1
(
    tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key, content, app_id,
    event_type, name
)
