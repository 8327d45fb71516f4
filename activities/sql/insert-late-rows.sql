-- Of the given windows, the rows that no judged run has seen: those that may change credits, and of frozen windows also
-- those that only lie in them.
SELECT
    tenant_id,
    toDateTime(intDiv(window_start_ms, 1000), 'UTC') AS window_start,
    {topic:String} AS kafka_topic,
    kafka_partition,
    kafka_offset,
    event_id,
    event_type,
    occurred_at,
    received_at,
    changes_credits,
    is_own,
    is_beyond_horizon
FROM touches
INNER JOIN (
    SELECT entry.1 AS tenant_id, entry.2 AS window_start_ms, entry.3 AS is_beyond_horizon, entry.4 AS seen_until
    FROM (
        SELECT arrayJoin(arrayZip(
            {windowTenantIds:Array(String)},
            {windowStartsMs:Array(Int64)},
            {areBeyondHorizon:Array(Bool)},
            {seenUntil:Array(Array(UInt64))}
        )) AS entry
    )
) AS windows USING (tenant_id, window_start_ms)
WHERE kafka_offset >= seen_until[kafka_partition + 1] AND (changes_credits OR (is_own AND is_beyond_horizon))
