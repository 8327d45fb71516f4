SELECT sum(toFloat64(touchpoints)) / (sum(toFloat64(credit)) - sum(conversions_organic)) AS touchpoints
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
HAVING sum(credit) > sum(conversions_organic)
