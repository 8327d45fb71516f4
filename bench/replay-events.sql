-- Journeys of users firstUser to firstUser + users - 1: one conversion of each at a moment of the user that lies in the
-- range, and eight touchpoints in the middle within the seven days before it. Everything is a hash of the numbers of user and
-- touchpoint: each run of the bench has the same.
INSERT INTO events_raw_v1
(
    tenant_id, app_id, user_key, occurred_at, event_id, event_type, name, channel, campaign, ad_group, creative, country,
    platform, revenue, currency, identifier_type, properties, received_at, kafka_topic, kafka_partition, kafka_offset
)
WITH
    cityHash64(user, touch) AS dice,
    touch = 0 AS is_conversion,
    ['search', 'search', 'search', 'social', 'social', 'display', 'affiliate', 'email', 'direct', 'direct'] AS channels,
    if(is_conversion, '', channels[dice % 10 + 1]) AS met,
    met NOT IN ('', 'direct') AS is_ad,
    toString(intDiv(dice, 16) % 20) AS ad,
    {fromMs:Int64} + toInt64(cityHash64(user, 'moment') % {lengthMs:UInt64})
        - if(is_conversion, 0, toInt64(intDiv(dice, 1024) % 604800000)) AS at
SELECT
    {tenantId:String},
    concat('app-', toString(user % 3)),
    reinterpretAsUUID(sipHash128('user', user)),
    fromUnixTimestamp64Milli(at, 'UTC'),
    reinterpretAsUUID(sipHash128('event', user, touch)),
    multiIf(is_conversion, 'conversion', intDiv(dice, 512) % 10 < 6, 'impression', 'click'),
    if(is_conversion, 'purchase', ''),
    met,
    if(is_ad, concat('campaign-', ad), ''),
    if(is_ad, concat('group-', ad, '-', toString(intDiv(dice, 320) % 4)), ''),
    if(is_ad, concat('creative-', ad, '-', toString(intDiv(dice, 1280) % 8)), ''),
    ['DE', 'FR', 'GB', 'US', 'BR', 'IN', 'JP', 'PL'][user % 8 + 1],
    ['ios', 'android', 'web'][intDiv(user, 8) % 3 + 1],
    if(is_conversion, toDecimal64(intDiv(dice, 1024) % 20000, 6) / 100, toDecimal64(0, 6)),
    if(is_conversion, ['EUR', 'USD', 'GBP'][intDiv(dice, 64) % 3 + 1], ''),
    'user_id',
    '{}',
    fromUnixTimestamp64Milli(at + toInt64(dice % 2000), 'UTC'),
    {topic:String},
    user % {partitions:UInt32},
    intDiv(dice, 7) % {offsets:UInt64}
FROM
(
    SELECT number AS user, arrayJoin(range(2 + cityHash64(number, 'touches') % 15)) AS touch
    FROM numbers({firstUser:UInt64}, {users:UInt64})
)
