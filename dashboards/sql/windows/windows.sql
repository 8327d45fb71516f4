SELECT
    tenant_id AS tenant,
    window_start AS window,
    state,
    version,
    reason,
    published_at AS published,
    final_at AS `final at`,
    runs,
    conversions,
    run_seconds AS `run time`,
    trace_id AS trace
FROM board_windows
WHERE tenant_id IN (${tenant:singlequote})
ORDER BY state IN ('inconsistent', 'overdue') DESC, window DESC, tenant
LIMIT 300
