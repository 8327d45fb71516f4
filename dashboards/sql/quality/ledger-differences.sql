SELECT
    hour AS time,
    sum(missing) AS missing,
    sum(offset_gap) AS `offset gap`,
    sum(row_gap) AS `row gap`,
    sum(uncredited) AS uncredited,
    sum(uncounted) AS uncounted,
    sum(repeated) AS repeated,
    sum(replayed) AS replayed,
    sum(inserted_twice) AS `inserted twice`
FROM board_ledger
WHERE tenant_id IN (${tenant:singlequote}) AND hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
GROUP BY time
ORDER BY time
