SELECT
    hour,
    tenant_id AS tenant,
    accepted,
    on_kafka AS `on Kafka`,
    dead_lettered AS `dead letters`,
    stored,
    duplicates,
    events,
    inside_windows AS `in windows`,
    waiting,
    late_beyond_horizon AS `too late`,
    lost,
    uncredited,
    measured_at AS measured
FROM board_ledger
WHERE tenant_id IN (${tenant:singlequote}) AND hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
ORDER BY lost + uncredited DESC, hour DESC, tenant
LIMIT 500
