WITH (
    SELECT toFloat64(sum(credit))
    FROM board_credits
    WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
) AS all_conversions
SELECT
    channel,
    toFloat64(sum(credit)) AS conversions,
    conversions / all_conversions AS share,
    toFloat64(sumIf(value, currency = ${currency:singlequote})) AS value,
    if(value > 0, value / toFloat64(sumIf(credit, currency = ${currency:singlequote})), NULL) AS `value each`
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
GROUP BY channel
ORDER BY conversions DESC
