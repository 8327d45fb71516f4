-- What arrived, in the order of the log: whoever has examined the log up to some offset finds what is new since then
-- without reading events_raw_v1, whose order is another one, and without asking a clock: a row may be inserted long
-- after the time that it was given. Kept for longer than the longest late horizon in use (90 days and a margin); whole
-- days are dropped.
CREATE TABLE IF NOT EXISTS arrivals_raw_v1 {on_cluster}
(
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64 CODEC(Delta, LZ4),
    tenant_id LowCardinality(String),
    app_id LowCardinality(String),
    user_key UUID CODEC(NONE),
    occurred_at DateTime64(3, 'UTC'),
    event_id UUID CODEC(NONE),
    event_type Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4),
    name LowCardinality(String),
    channel LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    inserted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4)
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMMDD(inserted_at)
ORDER BY (kafka_topic, kafka_partition, kafka_offset)
TTL toDateTime(inserted_at) + INTERVAL 100 DAY
SETTINGS {deduplication}, ttl_only_drop_parts = 1
