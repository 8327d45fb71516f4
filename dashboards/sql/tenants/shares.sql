SELECT tenant_id AS tenant, count() AS events
FROM board_arrivals
WHERE $__timeFilter(received_at) AND inserted_at >= $__fromTime - INTERVAL 1 DAY
GROUP BY tenant
ORDER BY events DESC
LIMIT 15
