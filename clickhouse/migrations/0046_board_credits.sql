-- The published credits per window, app, channel, campaign and conversion name, for boards. `conversions_organic` counts
-- those without a touchpoint: clients may call a channel of theirs `organic`.
CREATE OR REPLACE VIEW board_credits {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id,
    window_start,
    model,
    app_id,
    channel,
    campaign,
    conversion_name,
    currency,
    sum(credits_per_day_v1.credit) AS credit,
    sum(credits_per_day_v1.value) AS value,
    sum(credits_per_day_v1.conversions_organic) AS conversions_organic,
    sum(credits_per_day_v1.touchpoints) AS touchpoints
FROM credits_per_day_v1
WHERE (tenant_id, window_start, run_id) IN (SELECT tenant_id, window_start, run_id FROM current_publications)
GROUP BY tenant_id, window_start, model, app_id, channel, campaign, conversion_name, currency
