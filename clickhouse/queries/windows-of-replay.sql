-- Windows of a replay in one of some states, the oldest first.
SELECT
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    toString(state) AS state,
    base_version AS baseVersion,
    version,
    toString(code) AS code,
    message
FROM replay_runs
WHERE replay_id = {replayId:UUID} AND has({states:Array(String)}, toString(state))
ORDER BY window_start
LIMIT {limit:UInt32}
