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
    -- floor(amount * credit / 10^9) without leaving 64 bits.
    (amount, credit) -> intDiv(amount, one) * credit + intDiv(amount % one * credit, one) AS part_of,
    CAST([
        'first_touch', 'last_touch', 'last_non_direct_touch', 'linear', 'time_decay', 'position_based', 'w_shaped'
    ] AS Array(LowCardinality(String))) AS model_names,

    -- Every visible copy of a conversion that the window may credit.
    window_copies AS (
        SELECT event_id, user_key
        FROM events_raw_v1
        WHERE tenant_id = {tenantId:String}
            AND event_type IN ('install', 'conversion')
            AND occurred_at >= window_start_at AND occurred_at < window_end_at
            AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name))
            AND kafka_offset < transform(
                transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition,
                {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)
    ),
    milestone_copies AS (
        SELECT event_id
        FROM events_raw_v1
        WHERE wants_w_shaped
            AND tenant_id = {tenantId:String}
            AND event_type IN ('install', 'conversion')
            AND name = {milestone:String}
            AND occurred_at >= reach_start_at AND occurred_at < window_end_at
            AND user_key IN (SELECT user_key FROM window_copies)
    ),
    -- Conversions that came more than once, with any time and for any user; of almost every window there are few.
    repeated_ids AS (
        SELECT event_id
        FROM conversions_by_id_v1
        WHERE tenant_id = {tenantId:String}
            AND (event_id IN (SELECT event_id FROM window_copies) OR event_id IN (SELECT event_id FROM milestone_copies))
        GROUP BY event_id
        HAVING count() > 1
    ),
    first_copies AS (
        SELECT event_id, first_copy.1, first_copy.2, first_copy.3
        FROM (
            SELECT event_id, min((received_at, place, kafka_offset)) AS first_copy
            FROM (
                SELECT
                    event_id,
                    received_at,
                    kafka_offset,
                    transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition AS place
                FROM conversions_by_id_v1
                WHERE tenant_id = {tenantId:String}
                    AND event_id IN (SELECT event_id FROM repeated_ids)
                    AND kafka_offset < transform(place, {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)
            )
            GROUP BY event_id
        )
    ),

    -- One row for each user with a conversion: all that may matter to it, touchpoints in the order of their receipt.
    people AS (
        SELECT
            app_id,
            user_key,
            arraySort(groupArrayIf(
                (toUnixTimestamp64Milli(received_at), place, kafka_offset, at, CAST(event_type AS Int8), event_id,
                    channel, campaign, ad_group, creative, country, platform),
                event_type IN ('click', 'impression'))) AS touchpoints,
            groupUniqArrayIf(
                (at, event_id, name, reinterpretAsInt64(revenue), currency), is_creditable) AS conversions,
            groupArrayIf(at, is_milestone) AS milestones
        FROM (
            SELECT
                *,
                toUnixTimestamp64Milli(occurred_at) AS at,
                transform(kafka_topic, {topics:Array(String)}, {topicPlaces:Array(UInt64)}, 0) + kafka_partition AS place,
                event_type IN ('install', 'conversion') AND (
                    event_id NOT IN (SELECT event_id FROM repeated_ids)
                    OR (event_id, received_at, place, kafka_offset) IN (SELECT * FROM first_copies)) AS is_first_copy,
                is_first_copy AND occurred_at >= window_start_at
                    AND (empty({conversionNames:Array(String)}) OR has({conversionNames:Array(String)}, name)) AS is_creditable,
                wants_w_shaped AND is_first_copy AND name = {milestone:String} AS is_milestone
            FROM events_raw_v1
            PREWHERE user_key IN (SELECT user_key FROM window_copies)
            WHERE tenant_id = {tenantId:String}
                AND occurred_at >= reach_start_at AND occurred_at < window_end_at
                AND kafka_offset < transform(place, {places:Array(UInt64)}, {visibleUntil:Array(UInt64)}, 0)
        )
        GROUP BY app_id, user_key
        HAVING notEmpty(conversions)
    ),

    -- One row for each conversion. What is in reach, each event once, in the order of time; at one moment clicks come first.
    reached AS (
        SELECT
            app_id,
            conversion.1 AS conversion_at,
            conversion.2 AS conversion_event_id,
            conversion.3 AS conversion_name,
            conversion.4 AS revenue_micro,
            conversion.5 AS currency,
            milestones,
            arrayFilter(
                t -> t.4 <= conversion_at
                    AND t.4 >= conversion_at - if(t.5 = click, {lookbackClickMs:Int64}, {lookbackImpressionMs:Int64}),
                touchpoints) AS in_reach,
            arraySort(
                arrayMap(
                    t -> (t.4, t.5, t.6, t.7, t.8, t.9, t.10, t.11, t.12),
                    arrayFilter((t, copy) -> copy = 1, in_reach, arrayEnumerateUniq(in_reach.6)))) AS candidates
        FROM people
        ARRAY JOIN conversions AS conversion
    ),
    -- An impression at the moment of a click leaves the journey. Columns that no later step needs end here.
    journeys AS (
        SELECT
            app_id,
            conversion_at,
            conversion_event_id,
            conversion_name,
            revenue_micro,
            currency,
            milestones,
            arrayFill(at -> at != 0, arrayMap(t -> if(t.2 = click, t.1, 0), candidates)) AS click_at,
            arrayFilter((t, at) -> t.2 = click OR t.1 != at, candidates, click_at) AS journey,
            length(journey) AS n
        FROM reached
    ),

    -- What each role in a journey gets, in billionths of the conversion and in millionths of its currency. Every share is
    -- rounded down and the last touchpoint takes what is left, so that both add up to the last digit. A conversion without
    -- touchpoints is shared like one with a single touchpoint. The steps are apart because the server analyses a name again
    -- wherever it is used: as one step they cost 0.6 s before the first row.
    roles AS (
        SELECT
            * EXCEPT (milestones, click_at),
            toInt64(greatest(n, 1)) AS sharers,
            greatest(sharers - 2, 0) AS between,
            toInt64(arrayLastIndex(channel -> channel != 'direct', journey.4)) AS last_non_direct,
            arrayMin(arrayFilter(at -> at >= journey.1[1] AND at <= conversion_at, milestones)) AS milestone_at,
            if(n > 2, toInt64(arrayLastIndex(at -> at <= milestone_at, journey.1)), 0) AS lead,
            journey.1[-1] AS last_touch_at,
            arrayMap(
                at -> if(wants_time_decay, exp2((at - last_touch_at) / {halfLifeMs:Int64}), 0),
                journey.1) AS decays
        FROM journeys
    ),
    rounded_decays AS (
        SELECT
            * EXCEPT (decays, last_touch_at, milestone_at),
            lead > 1 AND lead < sharers AS is_lead_between,
            arraySum(decays) AS decay_sum,
            arrayMap(decay -> if(wants_time_decay, toInt64(floor(decay / decay_sum * one)), 0), decays) AS decay
        FROM roles
    ),
    first_shares AS (
        SELECT
            * EXCEPT (decay_sum),
            arrayMap(credit -> part_of(revenue_micro, credit), decay) AS decay_values,
            intDiv(one, sharers) AS linear,
            multiIf(
                sharers = 1, 0,
                sharers = 2, {firstOfTwoNano:Int64},
                {firstShareNano:Int64}) AS position_first,
            intDiv(one - {firstShareNano:Int64} - {lastShareNano:Int64}, greatest(between, 1)) AS position_between,
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
        FROM rounded_decays
    ),
    shares AS (
        SELECT
            * EXCEPT (decay_values),
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

    -- One row for each touchpoint of a journey, with what every model gives it.
    touches AS (
        SELECT
            app_id,
            conversion_event_id,
            conversion_name,
            conversion_at,
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
            toLowCardinality(currency) AS currency,
            cityHash64(
                app_id, conversion_event_id, conversion_name, conversion_at, touchpoint_event_id, touchpoint_at,
                touchpoint_type, touch.4, touch.5, touch.6, touch.7, touch.8, touch.9, position, n, currency) AS touch_hash,
            revenue_micro,
            greatest(toInt64(position), 1) AS sharer,
            sharer = sharers AS is_last,
            if(wants_first_touch AND sharer = 1, one, 0) AS first_touch,
            if(wants_last_touch AND is_last, one, 0) AS last_touch,
            if(wants_last_non_direct_touch AND sharer = credited_non_direct, one, 0) AS last_non_direct_touch,
            if(wants_linear, if(is_last, linear_last, linear), 0) AS linear_touch,
            if(wants_time_decay, if(is_last, decay_last, decay_credit), 0) AS time_decay,
            if(wants_position_based,
                multiIf(is_last, position_last, sharer = 1, position_first, position_between), 0) AS position_based,
            if(wants_w_shaped,
                multiIf(is_last, w_last, sharer = 1, w_first, sharer = lead, w_lead, w_other), 0) AS w_shaped,
            linear_last_value,
            decay_last_value,
            position_last_value,
            w_last_value
        FROM shares
        LEFT ARRAY JOIN journey AS touch, decay AS decay_credit, arrayEnumerate(journey) AS position
    ),
    -- Shares of nothing are left out before they become rows.
    entries AS (
        SELECT
            *,
            arrayFilter(entry -> entry.2 != 0 OR entry.3 != 0, [
                (1, first_touch, if(first_touch = 0, 0, revenue_micro)),
                (2, last_touch, if(last_touch = 0, 0, revenue_micro)),
                (3, last_non_direct_touch, if(last_non_direct_touch = 0, 0, revenue_micro)),
                (4, linear_touch,
                    if(wants_linear AND is_last, linear_last_value, part_of(revenue_micro, linear_touch))),
                (5, time_decay,
                    if(wants_time_decay AND is_last, decay_last_value, part_of(revenue_micro, time_decay))),
                (6, position_based,
                    if(wants_position_based AND is_last, position_last_value, part_of(revenue_micro, position_based))),
                (7, w_shaped, if(wants_w_shaped AND is_last, w_last_value, part_of(revenue_micro, w_shaped)))
            ]) AS entries
        FROM touches
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
FROM entries
ARRAY JOIN entries.entries AS entry
