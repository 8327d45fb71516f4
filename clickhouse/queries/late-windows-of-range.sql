-- The windows of a range with late rows that may change them and that no judged run has seen; `isFrozen` where they came
-- after the late horizon, so that no run will see them by itself.
WITH
    seen AS
    (
        SELECT
            window_start,
            argMax(cutoff, arraySum(arrayMap(offsets -> arraySum(offsets), mapValues(runs.cutoff)))) AS cutoff
        FROM runs
        WHERE tenant_id = {tenantId:String}
            AND window_start >= fromUnixTimestamp({windowsFromSeconds:Int64})
            AND window_start < fromUnixTimestamp({windowsToSeconds:Int64})
            AND state != 'computed'
        GROUP BY window_start
    )
SELECT toInt64(toUnixTimestamp(late.window_start)) * 1000 AS windowStartMs, min(is_beyond_horizon) AS isFrozen
FROM late_rows_raw_v1 AS late FINAL
LEFT JOIN seen USING (window_start)
WHERE tenant_id = {tenantId:String}
    AND window_start >= fromUnixTimestamp({windowsFromSeconds:Int64})
    AND window_start < fromUnixTimestamp({windowsToSeconds:Int64})
    AND changes_credits
    AND kafka_offset >= cutoff[kafka_topic][kafka_partition + 1]
GROUP BY windowStartMs
ORDER BY windowStartMs
