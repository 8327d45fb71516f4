SELECT DISTINCT cutoff
FROM runs
WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    AND (
        state != 'computed'
        OR run_id IN (
            SELECT run_id
            FROM publications_raw_v1
            WHERE tenant_id = {tenantId:String} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
        )
    )
