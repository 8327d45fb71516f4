SELECT toString(windows.version) AS published, count() AS number
FROM board_windows AS windows
WHERE windows.tenant_id IN (${tenant:singlequote}) AND windows.version > 0
GROUP BY windows.version
ORDER BY windows.version
