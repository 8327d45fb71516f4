WITH
    windows AS (
        SELECT
            tenant_id,
            countIf(version > 0) AS published,
            countIf(state = 'overdue') AS overdue,
            countIf(state = 'inconsistent') AS inconsistent,
            maxIf(window_end, version > 0) AS newest
        FROM board_windows
        GROUP BY tenant_id
    ),
    arrived AS (
        SELECT tenant_id, count() AS events
        FROM board_arrivals
        WHERE $__timeFilter(received_at) AND inserted_at >= $__fromTime - INTERVAL 1 DAY
        GROUP BY tenant_id
    ),
    counted AS (
        SELECT tenant_id, sum(duplicates) AS duplicates, sum(stored) AS stored, sum(lost + uncredited) AS lost
        FROM board_ledger
        WHERE hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
        GROUP BY tenant_id
    )
SELECT
    windows.tenant_id AS tenant,
    arrived.events AS events,
    if(counted.stored > 0, counted.duplicates / counted.stored, NULL) AS duplicates,
    counted.lost AS lost,
    windows.published AS `published windows`,
    windows.overdue AS overdue,
    windows.inconsistent AS inconsistent,
    if(windows.published > 0, windows.newest, NULL) AS `published until`
FROM windows
LEFT JOIN arrived USING (tenant_id)
LEFT JOIN counted USING (tenant_id)
ORDER BY events DESC
