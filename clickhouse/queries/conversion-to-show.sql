-- A conversion that is worth looking at: a journey of several touchpoints of several channels, with revenue. The trace of
-- the first record of a batch holds the insert and what the server did; the other records only link to it.
SELECT
    toString(conversion_event_id) AS eventId,
    conversion_name AS name,
    toUnixTimestamp(any(window_start)) * 1000 AS windowStartMs,
    toString(sum(credits.value)) AS value,
    any(currency) AS currency,
    max(journey_length) AS journeyLength
FROM credits
WHERE tenant_id = {tenantId:String} AND model = 'linear'
GROUP BY conversion_event_id, conversion_name
ORDER BY
    uniqExact(channel) >= 2 DESC,
    conversion_event_id IN (
        SELECT event_id
        FROM events_raw_v1
        WHERE tenant_id = {tenantId:String} AND kafka_offset = batch_offset_first) DESC,
    journeyLength BETWEEN 3 AND 5 DESC,
    currency != '' DESC,
    conversion_event_id
LIMIT 1
