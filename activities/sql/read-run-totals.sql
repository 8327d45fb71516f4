SELECT
    model,
    currency,
    toString(sum(credits_per_day_v1.credit)) AS credit,
    toString(sum(credits_per_day_v1.value)) AS value,
    sum(credits_per_day_v1.credits) AS credits,
    sum(conversions_organic) AS conversionsOrganic,
    toString(sum(credits_per_day_v1.touchpoints)) AS touchpoints,
    toString(sum(credits_per_day_v1.checksum)) AS checksum
FROM credits_per_day_v1
WHERE tenant_id = {tenantId:String}
    AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    AND run_id = {runId:UUID}
GROUP BY model, currency
ORDER BY model, currency
