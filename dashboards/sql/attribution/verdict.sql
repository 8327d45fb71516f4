SELECT
    multiIf(
        count() = 0, 'no data',
        countIf(state = 'inconsistent') > 0, concat(toString(countIf(state = 'inconsistent')), ' windows lack data'),
        countIf(state = 'overdue') > 0, concat(toString(countIf(state = 'overdue')), ' windows overdue'),
        countIf(state = 'not due') > 0, 'still coming in',
        countIf(state = 'published') > 0, 'complete, corrections possible',
        'final') AS verdict
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
