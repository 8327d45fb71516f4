-- Conversions in the window: nine of ten by users of their own who have touchpoints, one of twenty by a user who has
-- converted already, one of twenty by a user without any touchpoint.
INSERT INTO events_raw_v1
(
    tenant_id, app_id, user_key, occurred_at, event_id, event_type, name, country, platform, revenue, currency,
    identifier_type, properties, received_at, kafka_topic, kafka_partition, kafka_offset
)
WITH
    cityHash64(number, 'conversion') AS dice,
    multiIf(
        number % 20 < 18, number,
        number % 20 = 18, toUInt64(number - 18),
        {users:UInt64} + number) AS user,
    number % 20 < 18 OR number % 20 = 19 AS is_first,
    {windowStartMs:Int64}
        + toInt64(if(is_first, cityHash64(user, 'moment'), dice) % 86400000) AS at,
    intDiv(dice, 16) % 5 > 0 AS is_purchase
SELECT
    {tenantId:String},
    concat('app-', toString(user % 3)),
    reinterpretAsUUID(sipHash128('user', user)),
    fromUnixTimestamp64Milli(at, 'UTC'),
    reinterpretAsUUID(sipHash128('conversion', number)),
    if(is_purchase, 'conversion', 'install'),
    if(is_purchase, 'purchase', 'install'),
    ['DE', 'FR', 'GB', 'US', 'BR', 'IN', 'JP', 'PL'][user % 8 + 1],
    ['ios', 'android', 'web'][intDiv(user, 8) % 3 + 1],
    if(is_purchase, toDecimal64(intDiv(dice, 1024) % 20000, 6) / 100, toDecimal64(0, 6)),
    if(is_purchase, ['EUR', 'USD', 'GBP'][intDiv(dice, 64) % 3 + 1], ''),
    'user_id',
    '{}',
    fromUnixTimestamp64Milli(at + toInt64(dice % 2000), 'UTC'),
    {topic:String},
    user % {partitions:UInt32},
    intDiv(dice, 7) % {offsets:UInt64}
FROM numbers({conversions:UInt64})
