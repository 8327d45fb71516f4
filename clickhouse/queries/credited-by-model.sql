-- What the published credits of some windows add up to, by model: the conversions, and how much of them is organic.
SELECT
    model,
    toString(sum(credits_per_day.credit)) AS credit,
    toString(sumIf(credits_per_day.credit, channel = 'organic')) AS organic,
    toString(sumIf(credits_per_day.credit, channel != 'organic')) AS credited
FROM credits_per_day
WHERE tenant_id = {tenantId:String}
    AND window_start >= fromUnixTimestamp({windowsFromSeconds:Int64})
    AND window_start < fromUnixTimestamp({windowsToSeconds:Int64})
GROUP BY model
ORDER BY model
