SELECT toString(version) AS version, count() AS windows
FROM board_windows
WHERE tenant_id IN (${tenant:singlequote}) AND version > 0
GROUP BY board_windows.version
ORDER BY board_windows.version
