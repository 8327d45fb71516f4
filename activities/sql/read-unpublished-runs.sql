-- Ages are measured by the clock that wrote the moments, the server's own: a worker whose clock is a day ahead would take
-- a run that is about to be published for an old one.
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    toString(run_id) AS runId
FROM credits_per_day_v1
WHERE (tenant_id, window_start, run_id) NOT IN (SELECT tenant_id, window_start, run_id FROM publications_raw_v1)
    AND run_id NOT IN (
        SELECT run_id
        FROM replay_runs_raw_v1
        WHERE state = 'computed' AND recorded_at >= now64(3, 'UTC') - toIntervalMillisecond({dryRunAgeMs:Int64})
    )
GROUP BY tenant_id, window_start, run_id
HAVING max(inserted_at) < now64(3, 'UTC') - toIntervalMillisecond({ageMs:Int64})
ORDER BY tenant_id, window_start, run_id
LIMIT {runsMax:UInt32}
