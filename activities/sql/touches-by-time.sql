-- A touchpoint in a given window in which its own time lies, whatever it changes there. One that was sent again is left
-- out.
, lying AS (
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
, touches AS (
    SELECT *
    FROM lying
    WHERE (tenant_id, event_id, event_type, received_at, kafka_partition, kafka_offset) IN (
        SELECT tenant_id, event_id, event_type, first_copy.1, first_copy.3, first_copy.4
        FROM (
            SELECT
                tenant_id, event_id, event_type,
                min((received_at, toString(kafka_topic), kafka_partition, kafka_offset)) AS first_copy
            FROM events_raw_v1
            WHERE (tenant_id, app_id, user_key, occurred_at, event_id) IN (
                SELECT tenant_id, app_id, user_key, occurred_at, event_id FROM lying
            )
            GROUP BY tenant_id, app_id, user_key, occurred_at, event_id, event_type
        )
        WHERE first_copy.2 = {topic:String}
    )
)
