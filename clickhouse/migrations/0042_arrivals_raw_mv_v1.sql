-- As before, with the number of rows of the record.
ALTER TABLE arrivals_raw_mv_v1 {on_cluster} MODIFY QUERY
SELECT
    kafka_topic, kafka_partition, kafka_offset, tenant_id, app_id, user_key, occurred_at, event_id, event_type, name,
    channel, received_at, inserted_at, record_rows
FROM events_raw_v1
