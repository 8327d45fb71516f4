-- For each tenant when its oldest window with rows and without a publication was due, of those that are due.
WITH {tenantIds:Array(String)} AS tenant_ids
SELECT
    tenant_id AS tenantId,
    min(toInt64(toUnixTimestamp(window_start)) + seconds + lateness) * 1000 AS dueAtMs
FROM (
    SELECT
        tenant_id,
        transform(tenant_id, tenant_ids, {windowSeconds:Array(UInt32)}, toUInt32(86400)) AS seconds,
        transform(tenant_id, tenant_ids, {latenessSeconds:Array(UInt32)}, toUInt32(0)) AS lateness,
        toDateTime(intDiv(toUnixTimestamp(hour), seconds) * seconds, 'UTC') AS window_start
    FROM (SELECT DISTINCT tenant_id, hour FROM arrivals_per_hour_v1 WHERE has(tenant_ids, tenant_id))
)
WHERE (tenant_id, window_start) NOT IN (
    SELECT tenant_id, window_start FROM publications_raw_v1 WHERE has(tenant_ids, tenant_id)
)
GROUP BY tenant_id
HAVING dueAtMs <= {nowMs:Int64}
ORDER BY tenant_id
