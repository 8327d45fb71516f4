SELECT countIf(lateness_seconds > 86400) / count() AS late
FROM board_arrivals
WHERE tenant_id IN (${tenant:singlequote})
    AND $__timeFilter(received_at)
    AND inserted_at >= $__fromTime - INTERVAL 1 DAY
HAVING count() > 0
