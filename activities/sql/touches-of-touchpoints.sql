-- A touchpoint concerns the windows of the conversions of its user in its reach. One that was sent again changes nothing:
-- its first copy counts.
, touchpoints AS (
    SELECT
        *,
        if(event_type = 'click', {lookbackClickMs:Array(Int64)}[place], {lookbackImpressionMs:Array(Int64)}[place]) AS reach_ms
    FROM arrived
    WHERE event_type IN ('click', 'impression') AND at < {judgedUntilMs:Array(Int64)}[place]
)
, reached AS (
    SELECT
        tenant_id, app_id, user_key, event_id, event_type, occurred_at, received_at, kafka_partition, kafka_offset,
        intDiv(conversion_at, window_ms) * window_ms AS window_start_ms,
        window_start_ms = intDiv(at, window_ms) * window_ms AS is_own,
        true AS changes_credits
    FROM touchpoints
    INNER JOIN (
        SELECT tenant_id, app_id, user_key, toUnixTimestamp64Milli(occurred_at) AS conversion_at, toString(name) AS conversion_name
        FROM conversions_by_user_v1
        WHERE (tenant_id, app_id, user_key) IN (SELECT tenant_id, app_id, user_key FROM touchpoints)
            AND occurred_at >= fromUnixTimestamp64Milli({touchpointsFromMs:Int64}, 'UTC')
    ) AS followed USING (tenant_id, app_id, user_key)
    WHERE conversion_at >= at AND conversion_at <= at + reach_ms
        AND conversion_at < {judgedUntilMs:Array(Int64)}[place]
        AND (empty({conversionNames:Array(Array(String))}[place])
            OR has({conversionNames:Array(Array(String))}[place], conversion_name))
)
