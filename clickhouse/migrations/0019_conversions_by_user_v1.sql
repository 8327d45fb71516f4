-- Every copy of every conversion by its user: a late touchpoint may change the windows of the conversions that follow it.
-- Conversions are few beside touchpoints, so a user is found here without reading the granules of events_raw_v1, in which
-- mostly touchpoints of others lie. Small granules, because each question asks for many users with few rows.
CREATE TABLE IF NOT EXISTS conversions_by_user_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    app_id LowCardinality(String),
    user_key UUID,
    occurred_at DateTime64(3, 'UTC'),
    name LowCardinality(String)
)
ENGINE = {engine:MergeTree}
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tenant_id, app_id, user_key, occurred_at)
SETTINGS {deduplication}, index_granularity = 1024
