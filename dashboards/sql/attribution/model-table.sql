SELECT
    channel,
    toFloat64(sumIf(credit, model = 'first_touch')) AS `first touch`,
    toFloat64(sumIf(credit, model = 'last_touch')) AS `last touch`,
    toFloat64(sumIf(credit, model = 'last_non_direct_touch')) AS `non direct`,
    toFloat64(sumIf(credit, model = 'linear')) AS linear,
    toFloat64(sumIf(credit, model = 'time_decay')) AS `time decay`,
    toFloat64(sumIf(credit, model = 'position_based')) AS `position`,
    toFloat64(sumIf(credit, model = 'w_shaped')) AS `w shaped`
FROM board_credits
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
GROUP BY channel
ORDER BY linear DESC
