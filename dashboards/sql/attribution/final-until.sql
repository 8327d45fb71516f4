-- The end of the final windows, with no gap before it; nothing when the very first one may still change.
SELECT nullIf(
    if(countIf(state != 'final') > 0, minIf(window_start, state != 'final'), max(window_end)),
    min(window_start)) AS until
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
HAVING count() > 0
