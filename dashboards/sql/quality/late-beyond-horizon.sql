SELECT
    toDate(occurred_at) AS day,
    tenant_id AS tenant,
    count() AS rows,
    countIf(event_type IN ('install', 'conversion')) AS conversions,
    max(received_at) AS `last received`
FROM board_late_rows
WHERE tenant_id IN (${tenant:singlequote}) AND is_own AND is_beyond_horizon AND $__timeFilter(received_at)
GROUP BY day, tenant
ORDER BY day DESC, tenant
