SELECT
    $__timeInterval(received_at) AS time,
    quantile(0.5)(lateness_seconds) AS half,
    quantile(0.9)(lateness_seconds) AS `9 of 10`,
    quantile(0.99)(lateness_seconds) AS `99 of 100`
FROM board_arrivals
WHERE tenant_id IN (${tenant:singlequote})
    AND $__timeFilter(received_at)
    AND inserted_at >= $__fromTime - INTERVAL 1 DAY
GROUP BY time
ORDER BY time
