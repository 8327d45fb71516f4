SELECT
    $__timeInterval(received_at) AS time,
    app_id AS app,
    countIf(ahead_seconds > 60) / count() AS ahead
FROM board_arrivals
WHERE tenant_id IN (${tenant:singlequote})
    AND $__timeFilter(received_at)
    AND inserted_at >= $__fromTime - INTERVAL 1 DAY
GROUP BY time, app
ORDER BY time, app
