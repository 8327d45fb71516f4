-- The published credits of a tenant by model, channel and currency, exact.
SELECT
    model,
    channel,
    currency,
    toString(sum(credits_per_day.credit)) AS credit,
    toString(sum(credits_per_day.value)) AS value
FROM credits_per_day
WHERE tenant_id = {tenantId:String}
GROUP BY model, channel, currency
ORDER BY model, channel, currency
