SELECT count() AS collisions
FROM board_collisions
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(received_at)
