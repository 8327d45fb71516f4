-- Writes nothing when the newest recorded cut-off is the same.
INSERT INTO cutoffs_raw_v1
SELECT
    fromUnixTimestamp64Milli({recordedAtMs:Int64}, 'UTC') AS recorded_at,
    {cutoff:Map(String, Array(UInt64))} AS cutoff
WHERE (SELECT toString(argMax(cutoffs_raw_v1.cutoff, cutoffs_raw_v1.recorded_at)) FROM cutoffs_raw_v1)
    != toString({cutoff:Map(String, Array(UInt64))})
