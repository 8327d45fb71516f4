-- Every row that ingest accepted, as often as it was sent; readers use the view `events`.
--
-- Order: attribution reads the events of one user in the order of their time, so that no sort is needed for journeys.
-- Partitions are days of event time: windows read a range of days, retention drops whole days.
-- A repeated insert of the sink is dropped by its token; 26.x changed the defaults, so it is explicit.
-- event_id, trace_id and user_key are random: compressing the first two only costs time.
-- The index on event_id serves lookups of one event. It is built by merges, not by inserts: a lookup reads the few
-- parts that were not merged yet as a whole, and the sink saves a tenth of an insert.
CREATE TABLE IF NOT EXISTS events_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    app_id LowCardinality(String),
    user_key UUID,
    occurred_at DateTime64(3, 'UTC'),
    event_id UUID CODEC(NONE),
    event_type Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4),
    name LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    ad_group LowCardinality(String),
    creative LowCardinality(String),
    country LowCardinality(String),
    platform LowCardinality(String),
    revenue Decimal(18, 6),
    currency LowCardinality(String),
    identifier_type LowCardinality(String),
    properties String,
    received_at DateTime64(3, 'UTC'),
    trace_id FixedString(32) CODEC(NONE),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64,
    batch_offset_first UInt64,
    batch_offset_last UInt64,
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX event_id_index event_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMMDD(occurred_at)
ORDER BY (tenant_id, app_id, user_key, occurred_at, event_id)
SETTINGS {deduplication}
