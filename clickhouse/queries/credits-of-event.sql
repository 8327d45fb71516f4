-- The published credits that an event earned as a touchpoint or gave as a conversion.
SELECT
    toUnixTimestamp(window_start) * 1000 AS windowStartMs,
    toString(run_id) AS runId,
    model,
    toString(conversion_event_id) AS conversionEventId,
    conversion_name AS conversionName,
    toUnixTimestamp64Milli(conversion_at) AS conversionAtMs,
    toString(touchpoint_event_id) AS touchpointEventId,
    channel,
    campaign,
    position,
    journey_length AS journeyLength,
    toString(credit) AS credit,
    toString(value) AS value,
    currency
FROM credits
WHERE tenant_id = {tenantId:String}
    AND window_start >= fromUnixTimestamp64Milli({windowsFromMs:Int64}, 'UTC')
    AND window_start <= fromUnixTimestamp64Milli({windowsToMs:Int64}, 'UTC')
    AND if({asConversion:Bool}, conversion_event_id, touchpoint_event_id) = {eventId:UUID}
ORDER BY windowStartMs, conversionAtMs, conversionEventId, model, position
LIMIT 1000
