SELECT
    multiIf(journey_length >= 10, '10 and more', toString(journey_length)) AS touchpoints,
    toFloat64(sum(credit)) AS conversions
FROM board_journeys
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
    AND journey_length > 0
GROUP BY touchpoints
ORDER BY min(journey_length)
