-- For each tenant the end of the newest window that was ever computed, and the versions of the settings by which windows
-- that may still be open were.
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(max(window_end))) * 1000 AS judgedUntilMs,
    arraySort(groupUniqArrayIf(settings_version, started_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC'))) AS settingsVersions
FROM runs_raw_v1
WHERE has({tenantIds:Array(String)}, tenant_id)
GROUP BY tenantId
