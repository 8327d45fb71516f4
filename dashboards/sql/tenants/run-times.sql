SELECT
    tenant_id AS tenant,
    count() AS runs,
    quantile(0.5)(seconds) AS half,
    quantile(0.95)(seconds) AS `95 of 100`,
    max(seconds) AS longest,
    sum(credits) AS credits
FROM board_runs
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(started_at)
GROUP BY tenant
ORDER BY sum(seconds) DESC
LIMIT 50
