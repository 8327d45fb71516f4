SELECT
    tenant_id AS tenant,
    countIf(changes_credits AND NOT is_beyond_horizon) AS `reopened windows`,
    countIf(is_beyond_horizon) AS `too late`
FROM board_late_rows
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(received_at)
GROUP BY tenant
ORDER BY tenant
