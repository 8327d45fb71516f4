SELECT
    started_at AS started,
    tenant_id AS tenant,
    window_start AS window,
    seconds AS `run time`,
    state,
    reason,
    conversions,
    credits,
    code_version AS code,
    trace_id AS trace
FROM board_runs
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(started_at)
ORDER BY seconds DESC
LIMIT 20
