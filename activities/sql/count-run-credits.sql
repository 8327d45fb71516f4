SELECT count() AS credits
FROM credits_raw_v1
WHERE tenant_id = {tenantId:String}
    AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    AND run_id = {runId:UUID}
