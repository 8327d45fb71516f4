-- What the published credits of some windows add up to, by model: the conversions, and how much of them is organic. Not
-- by the channel's name: clients may call a channel of theirs `organic`.
SELECT
    model,
    toString(sum(credits_per_day_v1.credit)) AS credit,
    toString(toDecimal128(sum(conversions_organic), 9)) AS organic,
    toString(sum(credits_per_day_v1.credit) - toDecimal128(sum(conversions_organic), 9)) AS credited
FROM credits_per_day_v1
WHERE tenant_id = {tenantId:String}
    AND window_start >= fromUnixTimestamp({windowsFromSeconds:Int64})
    AND window_start < fromUnixTimestamp({windowsToSeconds:Int64})
    AND (window_start, run_id) IN (
        SELECT window_start, run_id FROM current_publications WHERE tenant_id = {tenantId:String})
GROUP BY model
ORDER BY model
