-- For each hour of event time how far Kafka had been read when its newest row came: windows are discovered and reopened
-- from this table without reading rows. Only aggregates that do not change when a row comes again.
CREATE TABLE IF NOT EXISTS arrivals_per_hour_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    hour DateTime('UTC'),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset_max SimpleAggregateFunction(max, UInt64),
    received_at_min SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    received_at_max SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (tenant_id, hour, kafka_topic, kafka_partition)
SETTINGS {deduplication}
