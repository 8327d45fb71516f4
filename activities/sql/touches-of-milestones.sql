-- A milestone concerns the windows of the conversions of its user that follow within the lookback. If it is the first of
-- several copies, so do the others, which counted before it came.
, milestones AS (
    SELECT
        tenant_id, event_id, event_type, occurred_at, received_at, kafka_partition, kafka_offset, place, window_ms, at,
        copy.1 AS app_id,
        copy.2 AS user_key,
        copy.3 AS reach_from,
        copy.3 + greatest({lookbackClickMs:Array(Int64)}[place], {lookbackImpressionMs:Array(Int64)}[place]) AS reach_until
    FROM (
        SELECT * EXCEPT (app_id, user_key) FROM arrived WHERE event_type IN ('install', 'conversion')
    ) AS conversions
    INNER JOIN (
        SELECT
            tenant_id,
            event_id,
            groupUniqArray((app_id, user_key, toUnixTimestamp64Milli(occurred_at), toString(name))) AS copies,
            min((received_at, toString(kafka_topic), kafka_partition, kafka_offset)) AS first_copy
        FROM conversions_by_id_v1
        WHERE (tenant_id, event_id) IN (
            SELECT tenant_id, event_id FROM arrived WHERE event_type IN ('install', 'conversion')
        )
        GROUP BY tenant_id, event_id
    ) AS by_id USING (tenant_id, event_id)
    ARRAY JOIN copies AS copy
    WHERE (received_at, {topic:String}, kafka_partition, kafka_offset) = first_copy
        AND has({milestones:Array(Array(String))}[place], copy.4)
        AND copy.3 < {judgedUntilMs:Array(Int64)}[place]
)
, touches AS (
    SELECT
        tenant_id, app_id, user_key, event_id, event_type, occurred_at, received_at, kafka_partition, kafka_offset,
        intDiv(conversion_at, window_ms) * window_ms AS window_start_ms,
        window_start_ms = intDiv(at, window_ms) * window_ms AS is_own,
        true AS changes_credits
    FROM milestones
    INNER JOIN (
        SELECT tenant_id, app_id, user_key, toUnixTimestamp64Milli(occurred_at) AS conversion_at, toString(name) AS conversion_name
        FROM conversions_by_user_v1
        WHERE (tenant_id, app_id, user_key) IN (SELECT tenant_id, app_id, user_key FROM milestones)
    ) AS followed USING (tenant_id, app_id, user_key)
    WHERE conversion_at >= reach_from AND conversion_at <= reach_until
        AND conversion_at < {judgedUntilMs:Array(Int64)}[place]
        AND (empty({conversionNames:Array(Array(String))}[place])
            OR has({conversionNames:Array(Array(String))}[place], conversion_name))
)
