SELECT
    window_start AS window,
    state,
    version,
    reason,
    settings_version AS settings,
    code_version AS code,
    published_at AS published,
    final_at AS `final at`,
    conversions,
    if(conversions > 0, conversions_organic / conversions, NULL) AS organic,
    touchpoints,
    trace_id AS trace
FROM board_windows
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start)
ORDER BY window DESC
LIMIT 1000
