-- A row that turns out to be the first copy of an event whose copies differ takes the place of the others, which counted
-- before it came: it concerns their windows.
, replaced AS (
    SELECT
        tenant_id, kafka_partition, kafka_offset, place, window_ms, copy.1 AS app_id, copy.2 AS user_key, copy.3 AS at, copy.4 AS type,
        copy.5 AS copy_name
    FROM (SELECT * EXCEPT (app_id, user_key, at) FROM arrived) AS firsts
    INNER JOIN (
        SELECT
            tenant_id,
            event_id,
            groupUniqArray((
                app_id, user_key, toUnixTimestamp64Milli(occurred_at), CAST(event_type AS String), toString(name)
            )) AS copies,
            min((received_at, toString(kafka_topic), kafka_partition, kafka_offset)) AS first_copy
        FROM collisions_raw_v1
        WHERE (tenant_id, event_id) IN (SELECT tenant_id, event_id FROM arrived)
        GROUP BY tenant_id, event_id
    ) AS by_id USING (tenant_id, event_id)
    ARRAY JOIN copies AS copy
    WHERE (received_at, {topic:String}, kafka_partition, kafka_offset) = first_copy
        AND copy.3 < {judgedUntilMs:Array(Int64)}[place]
)
, touches AS (
    SELECT
        tenant_id, kafka_partition, kafka_offset, intDiv(at, window_ms) * window_ms AS window_start_ms,
        empty({conversionNames:Array(Array(String))}[place])
            OR has({conversionNames:Array(Array(String))}[place], copy_name) AS changes_credits
    FROM replaced
    WHERE type IN ('install', 'conversion')
    UNION ALL
    SELECT
        tenant_id, kafka_partition, kafka_offset, intDiv(conversion_at, window_ms) * window_ms AS window_start_ms,
        true AS changes_credits
    FROM (SELECT * FROM replaced WHERE type IN ('click', 'impression')) AS touchpoints
    INNER JOIN (
        SELECT tenant_id, app_id, user_key, toUnixTimestamp64Milli(occurred_at) AS conversion_at, toString(name) AS conversion_name
        FROM conversions_by_user_v1
        WHERE (tenant_id, app_id, user_key) IN (SELECT tenant_id, app_id, user_key FROM replaced)
    ) AS followed USING (tenant_id, app_id, user_key)
    WHERE conversion_at >= at
        AND conversion_at <= at + if(
            type = 'click', {lookbackClickMs:Array(Int64)}[place], {lookbackImpressionMs:Array(Int64)}[place])
        AND conversion_at < {judgedUntilMs:Array(Int64)}[place]
        AND (empty({conversionNames:Array(Array(String))}[place])
            OR has({conversionNames:Array(Array(String))}[place], conversion_name))
)
