-- The hours of receipt in a range, as they were measured last; of one tenant or of all, and maybe only those of which
-- windows have to hear.
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(hour)) * 1000 AS hourMs,
    accepted,
    spooled,
    on_kafka AS onKafka,
    dead_lettered AS deadLettered,
    stored,
    duplicates,
    events,
    inside_windows AS insideWindows,
    waiting,
    late_beyond_horizon AS lateBeyondHorizon,
    conversions,
    credited,
    organic,
    not_counted AS notCounted,
    differences,
    is_closed AS isClosed,
    is_told AS isTold,
    toUnixTimestamp64Milli(measured_at) AS measuredAtMs
FROM ledger
WHERE ({tenantId:String} = '' OR tenant_id = {tenantId:String})
    AND hour >= toDateTime(intDiv({fromMs:Int64}, 1000), 'UTC')
    AND hour < toDateTime(intDiv({toMs:Int64}, 1000), 'UTC')
    AND NOT ({isUntold:Bool} AND is_told)
ORDER BY tenantId, hourMs
