SELECT
    countIf(state = 'final') AS final,
    countIf(state = 'published') AS published,
    countIf(state = 'not due') AS `not due`,
    countIf(state = 'overdue') AS overdue,
    countIf(state = 'inconsistent') AS inconsistent
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
