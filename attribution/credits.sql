-- The credits of one window by every model of its tenant: one pass over the journeys, no row leaves the server.
-- Models and edge cases are told in README.md and in reference.ts, which the tests hold this statement to.
INSERT INTO credits_raw_v1
(
    tenant_id, window_start, run_id, model, app_id, conversion_event_id, conversion_name, conversion_at,
    touchpoint_event_id, touchpoint_at, touchpoint_type, channel, campaign, ad_group, creative, country, platform,
    position, journey_length, credit, value, currency, row_hash
)
WITH
    fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC') AS window_start_at,
    fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC') AS window_end_at,
    fromUnixTimestamp64Milli(
        {windowStartMs:Int64} - greatest({lookbackClickMs:Int64}, {lookbackImpressionMs:Int64}), 'UTC') AS reach_start_at,

    has({models:Array(String)}, 'first_touch') AS wants_first_touch,
    has({models:Array(String)}, 'last_touch') AS wants_last_touch,
    has({models:Array(String)}, 'last_non_direct_touch') AS wants_last_non_direct_touch,
    has({models:Array(String)}, 'linear') AS wants_linear,
    has({models:Array(String)}, 'time_decay') AS wants_time_decay,
    has({models:Array(String)}, 'position_based') AS wants_position_based,
    has({models:Array(String)}, 'w_shaped') AS wants_w_shaped,

    toInt8(1) AS click,
    toInt64(1000000000) AS one,
    (0, toInt64(0), toInt64(0)) AS nothing,
    -- floor(amount * credit / 10^9) without leaving 64 bits.
    (amount, credit) -> intDiv(amount, one) * credit + intDiv(amount % one * credit, one) AS part_of,
    CAST([
        'first_touch', 'last_touch', 'last_non_direct_touch', 'linear', 'time_decay', 'position_based', 'w_shaped'
    ] AS Array(LowCardinality(String))) AS model_names,

    -- Conversions that came more than once, with any time and for any user, each with the place of its first visible copy:
    -- of almost every window there are few. A scalar, because the server plans and reads a table again wherever it is named.
    (
        SELECT groupArray((event_id, first_copy))
        FROM (
            SELECT
                event_id,
                minIf(
                    (received_at, place, kafka_offset),
                    kafka_offset < transform(place, {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)) AS first_copy
            FROM (
                SELECT
                    event_id,
                    received_at,
                    transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition AS place,
                    kafka_offset
                FROM conversions_by_id_v1
                WHERE tenant_id = {tenantId:String}
                    AND event_id IN (
                        SELECT event_id
                        FROM events_raw_v1
                        WHERE tenant_id = {tenantId:String}
                            AND event_type IN ('install', 'conversion')
                            AND occurred_at >= if(wants_w_shaped, reach_start_at, window_start_at)
                            AND occurred_at < window_end_at)
            )
            GROUP BY event_id
            HAVING count() > 1
            SETTINGS optimize_aggregation_in_order = 1
        )
    ) AS repeated,
    -- Of events of which copies differ in what they say, the first visible copy: no other counts, wherever it lies.
    (
        SELECT groupArray((event_id, first_copy))
        FROM (
            SELECT
                event_id,
                minIf(
                    (received_at, place, kafka_offset, occurred_at, user_key),
                    kafka_offset < transform(place, {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)) AS first_copy
            FROM (
                SELECT
                    *,
                    transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition AS place
                FROM collisions_raw_v1
                WHERE tenant_id = {tenantId:String}
                    AND event_id IN (
                        SELECT event_id
                        FROM collisions_raw_v1
                        WHERE tenant_id = {tenantId:String}
                            AND occurred_at >= reach_start_at AND occurred_at < window_end_at)
            )
            GROUP BY event_id
        )
    ) AS collided,

    -- One row for each user with a conversion: all that may matter to it, touchpoints in the order of their receipt.
    people AS (
        SELECT
            app_id,
            user_key,
            arraySort(groupArrayIf(
                (toUnixTimestamp64Milli(received_at), place, kafka_offset, at, CAST(event_type AS Int8), event_id,
                    channel, campaign, ad_group, creative, country, platform),
                event_type IN ('click', 'impression'))) AS touchpoints,
            arraySort(groupUniqArrayIf(
                (at, event_id, name, reinterpretAsInt64(revenue), currency),
                is_first_copy AND occurred_at >= window_start_at
                    AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name)))) AS copies,
            -- Two requests may have come in one record in one millisecond, with one identity and two amounts.
            arrayFilter((copy, number) -> number = 1, copies, arrayEnumerateUniq(copies.2)) AS conversions,
            groupArrayIf(at, wants_w_shaped AND is_first_copy AND name = {milestone:String}) AS milestones
        FROM (
            SELECT
                *,
                toUnixTimestamp64Milli(occurred_at) AS at,
                transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition AS place,
                event_type IN ('install', 'conversion') AND (
                    event_id NOT IN (SELECT arrayJoin(repeated.1))
                    OR (event_id, (received_at, place, kafka_offset)) IN (SELECT arrayJoin(repeated))) AS is_first_copy
            FROM events_raw_v1
            PREWHERE user_key IN (
                SELECT user_key
                FROM events_raw_v1
                WHERE tenant_id = {tenantId:String}
                    AND event_type IN ('install', 'conversion')
                    AND occurred_at >= window_start_at AND occurred_at < window_end_at
                    AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name)))
            WHERE tenant_id = {tenantId:String}
                AND occurred_at >= reach_start_at AND occurred_at < window_end_at
                AND kafka_offset < transform(place, {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)
                -- Known before the first row is read where there are none, as nearly everywhere.
                AND (
                    empty(collided)
                    OR event_id NOT IN (SELECT arrayJoin(collided.1))
                    OR (event_id, (received_at, place, kafka_offset, occurred_at, user_key)) IN (SELECT arrayJoin(collided)))
        )
        GROUP BY app_id, user_key
        HAVING notEmpty(conversions)
    ),

    -- One row for each conversion. What is in reach, each event once, in the order of time; at one moment clicks come first.
    reached AS (
        SELECT
            app_id,
            conversion,
            milestones,
            arrayMap(
                (at, type) -> at <= conversion.1
                    AND at >= conversion.1 - if(type = click, {lookbackClickMs:Int64}, {lookbackImpressionMs:Int64}),
                touchpoints.4, touchpoints.5) AS is_in_reach,
            arraySort(arrayFilter(
                (t, is_in, copy) -> is_in AND copy = 1,
                arrayMap(t -> (t.4, t.5, t.6, t.7, t.8, t.9, t.10, t.11, t.12), touchpoints),
                is_in_reach,
                arrayEnumerateUniq(touchpoints.6, is_in_reach))) AS candidates
        FROM people
        ARRAY JOIN conversions AS conversion
    ),
    -- An impression at the moment of a click leaves the journey.
    journeys AS (
        SELECT
            app_id,
            conversion,
            milestones,
            arrayFilter(
                (t, at) -> t.2 = click OR t.1 != at,
                candidates,
                arrayFill(at -> at != 0, arrayMap(t -> if(t.2 = click, t.1, 0), candidates))) AS journey
        FROM reached
    ),

    -- What each role in a journey gets, in billionths of the conversion and in millionths of its currency. Every share is
    -- rounded down and the last touchpoint takes what is left, so that both add up to the last digit. A conversion without
    -- touchpoints is shared like one with a single touchpoint. The steps are apart because the server analyses a name again
    -- wherever it is used: as one step they cost 0.6 s before the first row, so 0.03 s.
    roles AS (
        SELECT
            app_id,
            conversion,
            journey,
            conversion.4 AS revenue_micro,
            length(journey) AS n,
            toInt64(greatest(n, 1)) AS sharers,
            if(wants_last_non_direct_touch, toInt64(arrayLastIndex(channel -> channel != 'direct', journey.4)), 0) AS last_non_direct,
            if(wants_w_shaped AND n > 2, toInt64(arrayLastIndex(
                at -> at <= arrayMin(arrayFilter(at -> at >= journey.1[1] AND at <= conversion.1, milestones)), journey.1)), 0) AS lead,
            arrayMap(at -> if(wants_time_decay, exp2((at - journey.1[-1]) / {halfLifeMs:Int64}), 0), journey.1) AS decays
        FROM journeys
    ),
    first_shares AS (
        SELECT
            *,
            arraySum(decays) AS decay_sum,
            arrayMap(decay -> if(wants_time_decay, toInt64(floor(decay / decay_sum * one)), 0), decays) AS decay,
            greatest(sharers - 2, 0) AS between,
            intDiv(one, sharers) AS linear,
            multiIf(
                sharers = 1, 0,
                sharers = 2, {firstOfTwoNano:Int64},
                {firstShareNano:Int64}) AS position_first,
            intDiv(one - {firstShareNano:Int64} - {lastShareNano:Int64}, greatest(between, 1)) AS position_between,
            lead > 1 AND lead < sharers AS is_lead_between,
            greatest(between - is_lead_between, 0) AS others,
            multiIf(
                sharers = 1, 0,
                sharers = 2, 500000000,
                lead = 0, 400000000,
                others = 0, intDiv(one, 3),
                lead = 1, 600000000,
                300000000) AS w_first,
            multiIf(NOT is_lead_between, 0, others = 0, intDiv(one, 3), 300000000) AS w_lead,
            intDiv(if(lead = 0, 200000000, 100000000), greatest(others, 1)) AS w_other
        FROM roles
    ),
    shares AS (
        SELECT
            * EXCEPT (decays, decay_sum),
            arrayMap(credit -> part_of(revenue_micro, credit), decay) AS decay_values,
            if(last_non_direct = 0, sharers, last_non_direct) AS credited_non_direct,
            one - (sharers - 1) * linear AS linear_last,
            revenue_micro - (sharers - 1) * part_of(revenue_micro, linear) AS linear_last_value,
            one - (arraySum(decay) - decay[-1]) AS decay_last,
            revenue_micro - (arraySum(decay_values) - decay_values[-1]) AS decay_last_value,
            one - position_first - between * position_between AS position_last,
            revenue_micro - part_of(revenue_micro, position_first)
                - between * part_of(revenue_micro, position_between) AS position_last_value,
            one - w_first - w_lead - others * w_other AS w_last,
            revenue_micro - part_of(revenue_micro, w_first) - part_of(revenue_micro, w_lead)
                - others * part_of(revenue_micro, w_other) AS w_last_value
        FROM first_shares
    ),

    -- One row for each touchpoint of a journey, with what every model gives it. Shares of nothing are left out.
    touches AS (
        SELECT
            app_id,
            conversion.2 AS conversion_event_id,
            toLowCardinality(conversion.3) AS conversion_name,
            conversion.1 AS conversion_at,
            toLowCardinality(conversion.5) AS currency,
            touch.3 AS touchpoint_event_id,
            touch.1 AS touchpoint_at,
            touch.2 AS touchpoint_type,
            toLowCardinality(if(n = 0, 'organic', touch.4)) AS channel,
            toLowCardinality(touch.5) AS campaign,
            toLowCardinality(touch.6) AS ad_group,
            toLowCardinality(touch.7) AS creative,
            toLowCardinality(touch.8) AS country,
            toLowCardinality(touch.9) AS platform,
            position,
            n AS journey_length,
            cityHash64(app_id, conversion, touch, position, n) AS touch_hash,
            greatest(toInt64(position), 1) AS sharer,
            sharer = sharers AS is_last,
            sharer = credited_non_direct AS is_credited,
            if(is_last, linear_last, linear) AS linear_touch,
            if(is_last, decay_last, decay_credit) AS decay_touch,
            multiIf(is_last, position_last, sharer = 1, position_first, position_between) AS position_touch,
            multiIf(is_last, w_last, sharer = 1, w_first, sharer = lead, w_lead, w_other) AS w_touch,
            arrayFilter(entry -> entry.2 != 0 OR entry.3 != 0, [
                if(wants_first_touch, (1, sharer = 1 ? one : 0, sharer = 1 ? revenue_micro : 0), nothing),
                if(wants_last_touch, (2, is_last ? one : 0, is_last ? revenue_micro : 0), nothing),
                if(wants_last_non_direct_touch, (3, is_credited ? one : 0, is_credited ? revenue_micro : 0), nothing),
                if(wants_linear, (4, linear_touch, is_last ? linear_last_value : part_of(revenue_micro, linear_touch)), nothing),
                if(wants_time_decay, (5, decay_touch, is_last ? decay_last_value : part_of(revenue_micro, decay_touch)), nothing),
                if(wants_position_based, (6, position_touch, is_last ? position_last_value : part_of(revenue_micro, position_touch)), nothing),
                if(wants_w_shaped, (7, w_touch, is_last ? w_last_value : part_of(revenue_micro, w_touch)), nothing)
            ]) AS entries
        FROM shares
        LEFT ARRAY JOIN journey AS touch, decay AS decay_credit, arrayEnumerate(journey) AS position
    )
SELECT
    {tenantId:String} AS tenant_id,
    toDateTime(window_start_at, 'UTC') AS window_start,
    {runId:UUID} AS run_id,
    model_names[entry.1] AS model,
    app_id,
    conversion_event_id,
    conversion_name,
    fromUnixTimestamp64Milli(conversion_at, 'UTC') AS conversion_at,
    touchpoint_event_id,
    fromUnixTimestamp64Milli(touchpoint_at, 'UTC') AS touchpoint_at,
    touchpoint_type,
    channel,
    campaign,
    ad_group,
    creative,
    country,
    platform,
    position,
    journey_length,
    reinterpret(toInt64(entry.2), 'Decimal(18, 9)') AS credit,
    reinterpret(toInt64(entry.3), 'Decimal(18, 6)') AS value,
    currency,
    cityHash64(touch_hash, entry) AS row_hash
FROM touches
ARRAY JOIN touches.entries AS entry
