SELECT
    conversion_name AS conversion,
    toFloat64(sum(credit)) AS conversions,
    sum(conversions_organic) / conversions AS organic,
    toFloat64(sumIf(value, currency = ${currency:singlequote})) AS value
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
GROUP BY conversion_name
ORDER BY conversions DESC
