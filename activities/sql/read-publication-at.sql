-- What was published of a window at a moment, with what its run was allowed to see.
SELECT published.settings_version AS settingsVersion, run.cutoff AS cutoff
FROM (
    SELECT tenant_id, window_start, run_id, settings_version
    FROM publications_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
        AND published_at <= fromUnixTimestamp64Milli({atMs:Int64}, 'UTC')
    ORDER BY version DESC, published_at, run_id
    LIMIT 1
) AS published
INNER JOIN (
    SELECT tenant_id, window_start, run_id, cutoff
    FROM runs
    WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
) AS run USING (tenant_id, window_start, run_id)
