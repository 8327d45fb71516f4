-- What each run gave per day, app, channel, campaign and conversion name: dashboards read it instead of credits_raw_v1,
-- and it is what a run is verified by, without a second pass over its credits.
--
-- All columns are sums, so parts can be merged at any time. `conversions_organic` counts the rows without a touchpoint.
-- `touchpoints` sums credit * journey_length: the credits of a conversion sum to exactly 1, so the sum over one model is
-- exactly how many touchpoints its journeys hold.
CREATE TABLE IF NOT EXISTS credits_per_day_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    run_id UUID,
    model LowCardinality(String),
    day Date,
    app_id LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    conversion_name LowCardinality(String),
    currency LowCardinality(String),
    credit SimpleAggregateFunction(sum, Decimal(38, 9)),
    value SimpleAggregateFunction(sum, Decimal(38, 6)),
    credits SimpleAggregateFunction(sum, UInt64),
    conversions_organic SimpleAggregateFunction(sum, UInt64),
    touchpoints SimpleAggregateFunction(sum, Decimal(38, 9)),
    checksum SimpleAggregateFunction(sum, UInt64),
    inserted_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, window_start, run_id, model, day, app_id, channel, campaign, conversion_name, currency)
