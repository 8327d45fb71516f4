-- How far the sink was known to have come at a moment; no row when nothing had been recorded by then.
SELECT cutoff, toUnixTimestamp64Milli(recorded_at) AS recordedAtMs
FROM cutoffs_raw_v1
WHERE recorded_at <= fromUnixTimestamp64Milli({atMs:Int64}, 'UTC')
ORDER BY recorded_at DESC
LIMIT 1
