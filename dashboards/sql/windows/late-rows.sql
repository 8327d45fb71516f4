SELECT
    $__timeInterval(examined_at) AS time,
    multiIf(is_beyond_horizon, 'beyond the horizon', changes_credits, 'reopen a window', 'change nothing') AS rows,
    count() AS late
FROM board_late_rows
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(examined_at)
GROUP BY time, rows
ORDER BY time, rows
