-- All copies of the events whose copies differ in what they say. Of these events only the copy that was received first
-- counts, wherever the others lie: which one that is depends on the cut-off, so all positions are kept, each of them once.
-- Copies that say the same need no care, because they lie beside each other in events_raw_v1.
CREATE TABLE IF NOT EXISTS collisions_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    event_id UUID,
    received_at DateTime64(3, 'UTC'),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64,
    occurred_at DateTime64(3, 'UTC'),
    user_key UUID,
    content UInt64,
    app_id LowCardinality(String),
    event_type Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4),
    name LowCardinality(String)
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key, content)
