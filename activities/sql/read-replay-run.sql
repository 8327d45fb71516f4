SELECT
    toString(state) AS state,
    toString(run_id) AS runId,
    toString(base_run_id) AS baseRunId,
    base_version AS baseVersion,
    version
FROM replay_runs
WHERE replay_id = {replayId:UUID} AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
