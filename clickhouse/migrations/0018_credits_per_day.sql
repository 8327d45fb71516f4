-- What the published credits are per day, app, channel, campaign and conversion name.
CREATE VIEW IF NOT EXISTS credits_per_day {on_cluster} AS
SELECT
    tenant_id,
    window_start,
    run_id,
    model,
    day,
    app_id,
    channel,
    campaign,
    conversion_name,
    currency,
    sum(credits_per_day_v1.credit) AS credit,
    sum(credits_per_day_v1.value) AS value,
    sum(credits_per_day_v1.credits) AS credits
FROM credits_per_day_v1
WHERE (tenant_id, window_start, run_id) IN (SELECT tenant_id, window_start, run_id FROM current_publications)
GROUP BY tenant_id, window_start, run_id, model, day, app_id, channel, campaign, conversion_name, currency
