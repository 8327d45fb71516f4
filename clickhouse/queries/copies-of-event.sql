-- Every row of one event, the one that counts first.
SELECT
    tenant_id AS tenantId,
    app_id AS appId,
    toString(user_key) AS userKey,
    toUnixTimestamp64Milli(occurred_at) AS occurredAtMs,
    event_type AS eventType,
    name,
    channel,
    campaign,
    toString(revenue) AS revenue,
    currency,
    identifier_type AS identifierType,
    toUnixTimestamp64Milli(received_at) AS receivedAtMs,
    trace_id AS traceId,
    kafka_topic AS topic,
    kafka_partition AS partition,
    kafka_offset AS offset,
    batch_offset_first AS batchFirst,
    batch_offset_last AS batchLast,
    toUnixTimestamp64Milli(inserted_at) AS insertedAtMs,
    toString(content) AS content
FROM events_raw_v1
WHERE event_id = {eventId:UUID} AND ({tenantId:String} = '' OR tenant_id = {tenantId:String})
ORDER BY tenant_id, received_at, kafka_topic, kafka_partition, kafka_offset, occurred_at, user_key
LIMIT 100
