SELECT countIf(state = 'inconsistent') AS inconsistent, countIf(state = 'overdue') AS overdue
FROM board_windows
WHERE tenant_id IN (${tenant:singlequote})
