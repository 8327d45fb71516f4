-- How late the events of a tenant came that were received in a period, for each channel and for all of them: each event
-- once, as it was received first. `afterEndMs` counts from the end of the window of the event's time: a window that waits
-- for so long after its end closes with the event.
WITH
    firsts AS
    (
        SELECT
            min((toUnixTimestamp64Milli(received_at), toUnixTimestamp64Milli(occurred_at), toString(arrivals.channel))) AS first,
            first.1 AS received_ms,
            first.2 AS occurred_ms,
            first.3 AS channel,
            greatest(0, received_ms - occurred_ms) AS lateness_ms,
            greatest(0, received_ms - (intDiv(occurred_ms, {windowMs:Int64}) + 1) * {windowMs:Int64}) AS after_end_ms
        FROM arrivals_raw_v1 AS arrivals
        WHERE tenant_id = {tenantId:String}
            AND received_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
            AND received_at < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
            -- Rows are inserted after they were received; clocks may differ a little.
            AND inserted_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') - INTERVAL 1 DAY
        GROUP BY event_id
    )
SELECT
    grouping(channel) = 1 AS isAll,
    channel,
    count() AS events,
    quantilesExact(0.5, 0.9, 0.99)(lateness_ms) AS latenessMs,
    sumForEach(arrayMap(bound -> toUInt64(lateness_ms > bound), {latenessBoundsMs:Array(Int64)})) AS laterThan,
    sumForEach(arrayMap(bound -> toUInt64(after_end_ms > bound), {afterEndBoundsMs:Array(Int64)})) AS laterAfterEndThan
FROM firsts
GROUP BY GROUPING SETS ((channel), ())
HAVING events > 0
ORDER BY isAll DESC, events DESC, channel
