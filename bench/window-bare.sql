-- The floor of the window bench: the best SQL that gives these credits from data without a fault. No cut-off, no copies, no
-- moments with a click and an impression, no milestones; nothing to verify or to compare a run by. Its settings are those
-- of a run, as far as they help it: without them it takes a fifth longer.
INSERT INTO {target:Identifier}
(
    tenant_id, window_start, run_id, model, app_id, conversion_event_id, conversion_name, conversion_at,
    touchpoint_event_id, touchpoint_at, touchpoint_type, channel, campaign, ad_group, creative, country, platform,
    position, journey_length, credit, value, currency
)
WITH
    fromUnixTimestamp64Milli({windowStartMs:Int64}, 'UTC') AS window_start_at,
    fromUnixTimestamp64Milli({windowEndMs:Int64}, 'UTC') AS window_end_at,
    fromUnixTimestamp64Milli({windowStartMs:Int64} - {lookbackMs:Int64}, 'UTC') AS reach_start_at,
    toInt64(1000000000) AS one,
    (amount, credit) -> intDiv(amount, one) * credit + intDiv(amount % one * credit, one) AS part_of,
    CAST(['first_touch', 'last_touch', 'linear', 'time_decay', 'position_based'] AS Array(LowCardinality(String)))
        AS model_names,
    people AS (
        SELECT
            app_id,
            user_key,
            arraySort(groupArrayIf(
                (toUnixTimestamp64Milli(occurred_at), event_id, CAST(event_type AS Int8),
                    channel, campaign, ad_group, creative, country, platform),
                event_type IN ('click', 'impression'))) AS touchpoints,
            groupArrayIf(
                (toUnixTimestamp64Milli(occurred_at), event_id, name, reinterpretAsInt64(revenue), currency),
                event_type IN ('install', 'conversion') AND occurred_at >= window_start_at) AS conversions
        FROM events_raw_v1
        PREWHERE user_key IN (
            SELECT user_key
            FROM events_raw_v1
            WHERE tenant_id = {tenantId:String}
                AND event_type IN ('install', 'conversion')
                AND occurred_at >= window_start_at AND occurred_at < window_end_at)
        WHERE tenant_id = {tenantId:String} AND occurred_at >= reach_start_at AND occurred_at < window_end_at
        GROUP BY app_id, user_key
        HAVING notEmpty(conversions)
    ),
    journeys AS (
        SELECT
            app_id,
            conversion,
            conversion.1 AS conversion_at,
            conversion.4 AS revenue_micro,
            arrayFilter(t -> t.1 <= conversion_at AND t.1 >= conversion_at - {lookbackMs:Int64}, touchpoints) AS journey,
            length(journey) AS n
        FROM people
        ARRAY JOIN conversions AS conversion
    ),
    first_shares AS (
        SELECT
            *,
            toInt64(greatest(n, 1)) AS sharers,
            greatest(sharers - 2, 0) AS between,
            arrayMap(at -> exp2((at - journey.1[-1]) / {halfLifeMs:Int64}), journey.1) AS decays,
            arraySum(decays) AS decay_sum,
            arrayMap(decay -> toInt64(floor(decay / decay_sum * one)), decays) AS decay,
            intDiv(one, sharers) AS linear,
            multiIf(sharers = 1, 0, sharers = 2, 500000000, 400000000) AS position_first,
            intDiv(200000000, greatest(between, 1)) AS position_between
        FROM journeys
    ),
    shares AS (
        SELECT
            *,
            arrayMap(credit -> part_of(revenue_micro, credit), decay) AS decay_values,
            one - (arraySum(decay) - decay[-1]) AS decay_last,
            revenue_micro - (arraySum(decay_values) - decay_values[-1]) AS decay_last_value,
            one - (sharers - 1) * linear AS linear_last,
            revenue_micro - (sharers - 1) * part_of(revenue_micro, linear) AS linear_last_value,
            one - position_first - between * position_between AS position_last,
            revenue_micro - part_of(revenue_micro, position_first)
                - between * part_of(revenue_micro, position_between) AS position_last_value
        FROM first_shares
    ),
    touches AS (
        SELECT
            app_id,
            conversion.2 AS conversion_event_id,
            conversion.3 AS conversion_name,
            conversion_at,
            touch.2 AS touchpoint_event_id,
            touch.1 AS touchpoint_at,
            touch.3 AS touchpoint_type,
            toLowCardinality(if(n = 0, 'organic', touch.4)) AS channel,
            toLowCardinality(touch.5) AS campaign,
            toLowCardinality(touch.6) AS ad_group,
            toLowCardinality(touch.7) AS creative,
            toLowCardinality(touch.8) AS country,
            toLowCardinality(touch.9) AS platform,
            position,
            n AS journey_length,
            toLowCardinality(conversion.5) AS currency,
            greatest(toInt64(position), 1) AS sharer,
            sharer = sharers AS is_last,
            if(is_last, linear_last, linear) AS linear_credit,
            if(is_last, decay_last, decay_credit) AS time_decay_credit,
            multiIf(is_last, position_last, sharer = 1, position_first, position_between) AS position_credit,
            arrayFilter(entry -> entry.2 != 0 OR entry.3 != 0, [
                (1, if(sharer = 1, one, 0), if(sharer = 1, revenue_micro, 0)),
                (2, if(is_last, one, 0), if(is_last, revenue_micro, 0)),
                (3, linear_credit, if(is_last, linear_last_value, part_of(revenue_micro, linear_credit))),
                (4, time_decay_credit, if(is_last, decay_last_value, part_of(revenue_micro, time_decay_credit))),
                (5, position_credit, if(is_last, position_last_value, part_of(revenue_micro, position_credit)))
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
    currency
FROM touches
ARRAY JOIN entries AS entry
SETTINGS max_insert_threads = 4, max_insert_threads_min_free_memory_per_thread = 1073741824, min_insert_block_size_rows = 524288, preferred_block_size_bytes = 0
