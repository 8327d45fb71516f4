SELECT window_start AS time, state AS windows
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
ORDER BY time
