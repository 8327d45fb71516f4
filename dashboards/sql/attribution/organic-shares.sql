SELECT $__timeInterval(window_start) AS time, app_id, sum(conversions_organic) / sum(toFloat64(credit)) AS organic
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
GROUP BY time, app_id
HAVING sum(credit) > 0
ORDER BY time, app_id
