SELECT hour AS time, tenant_id AS tenant, sum(duplicates) / sum(stored) AS duplicates
FROM board_ledger
WHERE tenant_id IN (${tenant:singlequote}) AND hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
GROUP BY time, tenant
HAVING sum(stored) > 0
ORDER BY time, tenant
