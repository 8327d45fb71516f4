INSERT INTO late_rows_raw_v1
(
    tenant_id, window_start, kafka_topic, kafka_partition, kafka_offset, event_id, event_type, occurred_at, received_at,
    changes_credits, is_own, is_beyond_horizon
)
