-- Fills credits_per_day_v1 by the statement that inserts the credits.
CREATE MATERIALIZED VIEW IF NOT EXISTS credits_per_day_mv_v1 {on_cluster} TO credits_per_day_v1 AS
SELECT
    tenant_id,
    window_start,
    run_id,
    model,
    toDate(conversion_at, 'UTC') AS day,
    app_id,
    channel,
    campaign,
    conversion_name,
    currency,
    sum(credits_raw_v1.credit) AS credit,
    sum(credits_raw_v1.value) AS value,
    count() AS credits,
    countIf(touchpoint_type = 'none') AS conversions_organic,
    sum(credits_raw_v1.credit * toDecimal64(journey_length, 0)) AS touchpoints,
    sum(row_hash) AS checksum
FROM credits_raw_v1
GROUP BY tenant_id, window_start, run_id, model, day, app_id, channel, campaign, conversion_name, currency
