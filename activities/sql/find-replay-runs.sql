-- The windows of a replay whose newest state is the given one, the oldest first.
SELECT toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs, count() OVER () AS remaining
FROM replay_runs
WHERE replay_id = {replayId:UUID}
    AND state = {state:String}
    AND toInt64(toUnixTimestamp(window_start)) * 1000 > {afterMs:Int64}
ORDER BY window_start
LIMIT {windowsMax:UInt32}
