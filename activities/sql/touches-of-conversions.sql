-- A conversion concerns the window of its time. If it is the first of several copies, it also concerns the windows of the
-- others: they counted before it came. A copy that is not the first changes nothing.
, touches AS (
    SELECT
        tenant_id, app_id, user_key, event_id, event_type, occurred_at, received_at, kafka_partition, kafka_offset,
        intDiv(copy.1, window_ms) * window_ms AS window_start_ms,
        window_start_ms = intDiv(at, window_ms) * window_ms AS is_own,
        empty({conversionNames:Array(Array(String))}[place])
            OR has({conversionNames:Array(Array(String))}[place], copy.2) AS changes_credits
    FROM (SELECT * FROM arrived WHERE event_type IN ('install', 'conversion')) AS conversions
    INNER JOIN (
        SELECT
            tenant_id,
            event_id,
            groupUniqArray((toUnixTimestamp64Milli(occurred_at), toString(name))) AS copies,
            min((received_at, toString(kafka_topic), kafka_partition, kafka_offset)) AS first_copy
        FROM conversions_by_id_v1
        WHERE (tenant_id, event_id) IN (
            SELECT tenant_id, event_id FROM arrived WHERE event_type IN ('install', 'conversion')
        )
        GROUP BY tenant_id, event_id
    ) AS by_id USING (tenant_id, event_id)
    ARRAY JOIN copies AS copy
    WHERE (received_at, {topic:String}, kafka_partition, kafka_offset) = first_copy
        AND copy.1 < {judgedUntilMs:Array(Int64)}[place]
)
