-- The end of the published windows, with no gap before it; nothing when the very first one is not published.
SELECT nullIf(
    if(countIf(version = 0) > 0, minIf(window_start, version = 0), max(window_end)),
    min(window_start)) AS until
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
HAVING count() > 0
