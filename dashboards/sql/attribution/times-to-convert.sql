SELECT
    multiIf(
        seconds_to_convert < 3600, 'under 1 h',
        seconds_to_convert < 21600, '1 to 6 h',
        seconds_to_convert < 86400, '6 to 24 h',
        seconds_to_convert < 259200, '1 to 3 d',
        seconds_to_convert < 604800, '3 to 7 d',
        'over 7 d') AS `time to convert`,
    toFloat64(sum(credit)) AS conversions
FROM board_journeys
WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
    AND model = ${model:singlequote}
    AND seconds_to_convert IS NOT NULL
GROUP BY `time to convert`
ORDER BY min(seconds_to_convert)
