SELECT
    published_at AS published,
    window_start AS window,
    version,
    reason,
    settings_version AS settings,
    toInt64(conversions) - toInt64(conversions_before) AS conversions,
    toInt64(conversions_attributed) - toInt64(conversions_attributed_before) AS attributed,
    replay_id AS replay,
    trace_id AS trace
FROM board_publications
WHERE tenant_id = ${tenant:singlequote} AND $__timeFilter(window_start) AND version > 1
ORDER BY published DESC
LIMIT 500
