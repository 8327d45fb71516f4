-- Every copy of every conversion by its identity: a conversion that is sent again, with another time or for another
-- user, is credited once. Which copy is the first depends on the cut-off, so all positions are kept, each of them once.
CREATE TABLE IF NOT EXISTS conversions_by_id_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    event_id UUID,
    received_at DateTime64(3, 'UTC'),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64,
    occurred_at DateTime64(3, 'UTC'),
    app_id LowCardinality(String),
    user_key UUID,
    name LowCardinality(String)
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (tenant_id, event_id, received_at, kafka_topic, kafka_partition, kafka_offset)
SETTINGS {deduplication}
