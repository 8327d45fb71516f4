-- What campaigns cost per day, as it was imported; the newest row of a day, campaign and currency counts. Boards divide
-- the value of credits by it.
CREATE TABLE IF NOT EXISTS spend_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    day Date,
    app_id LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    currency LowCardinality(String),
    amount Decimal(18, 6),
    imported_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree}(imported_at)
ORDER BY (tenant_id, day, app_id, channel, campaign, currency)
