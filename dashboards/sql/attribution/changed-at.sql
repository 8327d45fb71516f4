SELECT toUnixTimestamp64Milli(max(published_at)) AS changed_at
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start) AND version > 0
HAVING count() > 0
