SELECT toString(state) AS state, count() AS windows
FROM replay_runs
WHERE replay_id = {replayId:UUID}
GROUP BY state
