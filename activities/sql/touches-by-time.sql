-- A touchpoint in a given window in which its own time lies, whatever it changes there. One that was sent again is left
-- out.
, reached AS (
    SELECT
        tenant_id, app_id, user_key, event_id, event_type, occurred_at, received_at, kafka_partition, kafka_offset,
        intDiv(at, window_ms) * window_ms AS window_start_ms,
        true AS is_own,
        false AS changes_credits
    FROM arrived
    WHERE event_type IN ('click', 'impression')
        AND (tenant_id, window_start_ms) IN (
            SELECT entry.1, entry.2
            FROM (SELECT arrayJoin(arrayZip({windowTenantIds:Array(String)}, {windowStartsMs:Array(Int64)})) AS entry)
        )
)
