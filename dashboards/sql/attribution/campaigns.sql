SELECT
    channel,
    campaign,
    toFloat64(sum(credit)) AS conversions,
    toFloat64(sumIf(value, currency = ${currency:singlequote})) AS value
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
    AND campaign != ''
GROUP BY channel, campaign
ORDER BY conversions DESC
LIMIT 200
