-- What one user of one app did in a range of time, each event once: the journeys around one event.
SELECT
    toString(event_id) AS eventId,
    event_type AS eventType,
    name,
    toUnixTimestamp64Milli(occurred_at) AS occurredAtMs
FROM events
WHERE tenant_id = {tenantId:String}
    AND app_id = {appId:String}
    AND event_id IN (
        SELECT event_id
        FROM events_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND app_id = {appId:String}
            AND user_key = {userKey:UUID}
            AND occurred_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
            AND occurred_at <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
    )
    AND user_key = {userKey:UUID}
ORDER BY occurredAtMs, eventId
LIMIT 1000
