-- What every run gave to whom, published or not; readers use the view `credits`.
--
-- A row is the share of one conversion that one model gives to one touchpoint. Shares of nothing are not stored. A
-- conversion without touchpoints has one row for each model with channel `organic` and the nil UUID as touchpoint.
-- Order: a reader takes one run of a window, mostly one model of it; the conversion is last, so that one can be found.
-- row_hash covers all other columns but the run: summed up it is the run's checksum. Random columns are not compressed.
CREATE TABLE IF NOT EXISTS credits_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    run_id UUID,
    model LowCardinality(String),
    app_id LowCardinality(String),
    conversion_event_id UUID CODEC(NONE),
    conversion_name LowCardinality(String),
    conversion_at DateTime64(3, 'UTC'),
    touchpoint_event_id UUID CODEC(NONE),
    touchpoint_at DateTime64(3, 'UTC'),
    touchpoint_type Enum8('none' = 0, 'click' = 1, 'impression' = 2),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    ad_group LowCardinality(String),
    creative LowCardinality(String),
    country LowCardinality(String),
    platform LowCardinality(String),
    position UInt32,
    journey_length UInt32,
    credit Decimal(18, 9),
    value Decimal(18, 6),
    currency LowCardinality(String),
    row_hash UInt64 CODEC(NONE)
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, window_start, run_id, model, conversion_event_id, position)
