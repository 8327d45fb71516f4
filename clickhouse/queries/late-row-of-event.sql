-- Whether an event came after the late horizon of a window that it concerns and no run has seen it since. No row when a
-- run has, or when it was never late.
WITH
    seen AS
    (
        SELECT argMax(cutoff, arraySum(arrayMap(offsets -> arraySum(offsets), mapValues(runs.cutoff)))) AS cutoff
        FROM runs
        WHERE tenant_id = {tenantId:String}
            AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
            AND state != 'computed'
    )
SELECT max(is_beyond_horizon) AS isBeyondHorizon
FROM late_rows_raw_v1
WHERE tenant_id = {tenantId:String}
    AND window_start = toDateTime(intDiv({windowStartMs:Int64}, 1000), 'UTC')
    AND event_id = {eventId:UUID}
    AND kafka_offset >= (SELECT cutoff FROM seen)[kafka_topic][kafka_partition + 1]
HAVING count() > 0
