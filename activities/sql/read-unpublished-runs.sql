SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    toString(run_id) AS runId
FROM credits_per_day_v1
WHERE (tenant_id, window_start, run_id) NOT IN (SELECT tenant_id, window_start, run_id FROM publications_raw_v1)
    AND run_id NOT IN (
        SELECT run_id
        FROM replay_runs_raw_v1
        WHERE state = 'computed' AND recorded_at >= fromUnixTimestamp64Milli({dryRunsBeforeMs:Int64}, 'UTC')
    )
GROUP BY tenant_id, window_start, run_id
HAVING max(inserted_at) < fromUnixTimestamp64Milli({insertedBeforeMs:Int64}, 'UTC')
ORDER BY tenant_id, window_start, run_id
LIMIT {runsMax:UInt32}
