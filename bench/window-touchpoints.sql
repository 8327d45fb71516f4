-- Touchpoints of users 0 to users - 1: 1 to 15 of each, 8 in the middle, within the seven days before a moment of the user
-- that lies in the window. Everything is a hash of the numbers of user and touchpoint: each run of the bench has the same.
INSERT INTO events_raw_v1
(
    tenant_id, app_id, user_key, occurred_at, event_id, event_type, channel, campaign, ad_group, creative, country, platform,
    identifier_type, properties, received_at, kafka_topic, kafka_partition, kafka_offset
)
WITH
    cityHash64(user, touch) AS dice,
    -- Some channels are met more often than others; direct visits belong to no campaign.
    ['search', 'search', 'search', 'social', 'social', 'display', 'affiliate', 'email', 'direct', 'direct'] AS channels,
    channels[dice % 10 + 1] AS met,
    toString(intDiv(dice, 16) % 20) AS ad,
    {windowStartMs:Int64} + toInt64(cityHash64(user, 'moment') % 86400000) - toInt64(intDiv(dice, 1024) % 604800000) AS at
SELECT
    {tenantId:String},
    concat('app-', toString(user % 3)),
    reinterpretAsUUID(sipHash128('user', user)),
    fromUnixTimestamp64Milli(at, 'UTC'),
    reinterpretAsUUID(sipHash128('touchpoint', user, touch)),
    if(intDiv(dice, 512) % 10 < 6, 'impression', 'click'),
    met,
    if(met = 'direct', '', concat('campaign-', ad)),
    if(met = 'direct', '', concat('group-', ad, '-', toString(intDiv(dice, 320) % 4))),
    if(met = 'direct', '', concat('creative-', ad, '-', toString(intDiv(dice, 1280) % 8))),
    ['DE', 'FR', 'GB', 'US', 'BR', 'IN', 'JP', 'PL'][user % 8 + 1],
    ['ios', 'android', 'web'][intDiv(user, 8) % 3 + 1],
    'user_id',
    '{}',
    fromUnixTimestamp64Milli(at + toInt64(dice % 2000), 'UTC'),
    {topic:String},
    user % {partitions:UInt32},
    intDiv(dice, 7) % {offsets:UInt64}
FROM
(
    SELECT number AS user, arrayJoin(range(1 + cityHash64(number, 'touches') % 15)) AS touch
    FROM numbers({firstUser:UInt64}, {users:UInt64})
)
