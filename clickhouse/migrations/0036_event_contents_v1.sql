-- What every copy of every event says, by the identity of the event: whether an event that has just come was here before
-- with another content is found without reading events_raw_v1, whose order is another one. Small granules, because each
-- question asks for many events that lie anywhere. Kept as long as arrivals_raw_v1; whole months are dropped.
CREATE TABLE IF NOT EXISTS event_contents_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    event_id UUID CODEC(NONE),
    content UInt64 CODEC(NONE),
    inserted_on Date CODEC(ZSTD)
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMM(inserted_on)
ORDER BY (tenant_id, event_id)
TTL inserted_on + INTERVAL 100 DAY
SETTINGS {deduplication}, ttl_only_drop_parts = 1, index_granularity = 1024
