SELECT $__timeInterval(received_at) AS time, tenant_id AS tenant, count() / $__interval_s AS events
FROM board_arrivals
WHERE tenant_id IN (${tenant:singlequote})
    AND $__timeFilter(received_at)
    AND inserted_at >= $__fromTime - INTERVAL 1 DAY
GROUP BY time, tenant
ORDER BY time, tenant
