SELECT sum(duplicates) / sum(stored) AS duplicates
FROM board_ledger
WHERE tenant_id IN (${tenant:singlequote}) AND hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
HAVING sum(stored) > 0
