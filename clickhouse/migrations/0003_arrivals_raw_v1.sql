-- What arrived, in the order of arrival: finds what is new since a cut-off, and the users it concerns, without reading
-- events_raw_v1, whose order is another one. Kept for longer than the longest late horizon plus lookback in use
-- (90 days and a margin); whole days are dropped.
CREATE TABLE IF NOT EXISTS arrivals_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    inserted_at DateTime64(3, 'UTC') CODEC(Delta, LZ4),
    app_id LowCardinality(String),
    user_key UUID CODEC(NONE),
    occurred_at DateTime64(3, 'UTC'),
    event_type Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4),
    received_at DateTime64(3, 'UTC'),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMMDD(inserted_at)
ORDER BY (tenant_id, inserted_at)
TTL toDateTime(inserted_at) + INTERVAL 100 DAY
SETTINGS {deduplication}, ttl_only_drop_parts = 1
