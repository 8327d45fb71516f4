-- A conversion that is worth looking at: a journey of several touchpoints of several channels, with revenue.
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
    journeyLength BETWEEN 3 AND 5 DESC,
    currency != '' DESC,
    conversion_event_id
LIMIT 1
