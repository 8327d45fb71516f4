SELECT
    started_at AS started,
    last_recorded_at AS `last step`,
    tenant_id AS tenant,
    range_start AS `from`,
    range_end AS `to`,
    windows,
    published,
    computed,
    unchanged,
    conflicts,
    failed,
    rolled_back AS `rolled back`,
    replay
FROM board_replays
WHERE tenant_id IN (${tenant:singlequote})
ORDER BY started DESC
LIMIT 50
