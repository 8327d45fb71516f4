-- Of the touchpoints that were reached, those that are the first copy of their event: only that one counts.
, touches AS (
    SELECT *
    FROM reached
    WHERE (tenant_id, event_id, event_type, received_at, kafka_partition, kafka_offset) IN (
        SELECT tenant_id, event_id, event_type, first_copy.1, first_copy.3, first_copy.4
        FROM (
            SELECT
                tenant_id, event_id, event_type,
                min((received_at, toString(kafka_topic), kafka_partition, kafka_offset)) AS first_copy
            FROM events_raw_v1
            WHERE (tenant_id, app_id, user_key, occurred_at, event_id) IN (
                SELECT tenant_id, app_id, user_key, occurred_at, event_id FROM reached
            )
            GROUP BY tenant_id, app_id, user_key, occurred_at, event_id, event_type
        )
        WHERE first_copy.2 = {topic:String}
    )
)
