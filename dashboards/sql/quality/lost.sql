SELECT sum(lost + uncredited) AS lost
FROM board_ledger
WHERE tenant_id IN (${tenant:singlequote}) AND hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
HAVING count() > 0
