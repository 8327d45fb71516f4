SELECT $__timeInterval(window_start) AS time, channel, toFloat64(sum(value)) AS value
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
    AND currency = ${currency:singlequote}
GROUP BY time, channel
ORDER BY time, channel
