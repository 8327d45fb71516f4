SELECT
    received_at AS received,
    tenant_id AS tenant,
    app_id AS app,
    event_type AS type,
    event_id AS event,
    kafka_partition AS partition,
    kafka_offset AS offset,
    counted_partition AS `counted partition`,
    counted_offset AS `counted offset`
FROM board_collisions
WHERE tenant_id IN (${tenant:singlequote}) AND $__timeFilter(received_at)
ORDER BY received DESC
LIMIT 200
