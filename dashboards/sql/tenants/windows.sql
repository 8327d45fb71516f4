SELECT
    tenant_id AS tenant,
    countIf(state = 'final') AS final,
    countIf(state = 'published') AS published,
    countIf(state = 'not due') AS `not due`,
    countIf(state = 'overdue') AS overdue,
    countIf(state = 'inconsistent') AS inconsistent
FROM board_windows
WHERE tenant_id IN (${tenant:singlequote})
GROUP BY tenant
ORDER BY tenant
