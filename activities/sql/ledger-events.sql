-- What became of the events of a tenant that were received in some hours, by hour of receipt. Only a share of the events,
-- chosen by their identity, so that the memory has a bound.
--
-- An event is the first copy of what may have been sent often; other copies are looked up by the order of the table, those
-- of conversions, and those that say something else, by their identity. An event lies inside a window when the publication of the window of its time has seen it.
WITH
    {tenantId:String} AS tenant,
    fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AS received_from,
    fromUnixTimestamp64Milli({toMs:Int64}, 'UTC') AS received_to,
    -- Read once: a window may be published while this runs.
    (
        SELECT groupArray((window_start, run_id, model, conversion_names, seen_until))
        FROM (
            SELECT
                published.window_start AS window_start,
                published.run_id AS run_id,
                JSONExtractString(run.settings, 'models', 1) AS model,
                JSONExtract(run.settings, 'conversion_names', 'Array(String)') AS conversion_names,
                run.cutoff[{topic:String}] AS seen_until
            FROM current_publications AS published
            INNER JOIN runs AS run USING (tenant_id, window_start, run_id)
            WHERE published.tenant_id = {tenantId:String}
                AND published.window_start >= fromUnixTimestamp64Milli({occurredFromMs:Int64} - {windowSeconds:UInt32} * 1000, 'UTC')
                AND published.window_start <= fromUnixTimestamp64Milli({occurredToMs:Int64}, 'UTC')
        )
    ) AS published,
    received AS (
        SELECT app_id, user_key, occurred_at, event_id, event_type
        FROM arrivals_raw_v1
        WHERE kafka_topic = {topic:String}
            AND received_at >= received_from AND received_at < received_to
            AND tenant_id = tenant
            AND kafka_offset < {visibleUntil:Array(UInt64)}[kafka_partition + 1]
            AND cityHash64(event_id) % {shares:UInt32} = {share:UInt32}
    ),
    copies AS (
        SELECT
            event_id,
            (received_at, kafka_partition, kafka_offset, occurred_at, user_key) AS copy,
            (occurred_at, event_type IN ('install', 'conversion'), toString(name)) AS fact,
            true AS is_row
        FROM events_raw_v1
        WHERE tenant_id = tenant
            AND occurred_at >= fromUnixTimestamp64Milli({occurredFromMs:Int64}, 'UTC')
            AND occurred_at <= fromUnixTimestamp64Milli({occurredToMs:Int64}, 'UTC')
            AND (app_id, user_key, occurred_at, event_id) IN (SELECT app_id, user_key, occurred_at, event_id FROM received)
            AND kafka_topic = {topic:String}
            AND kafka_offset < {visibleUntil:Array(UInt64)}[kafka_partition + 1]
        UNION ALL
        SELECT
            event_id,
            (received_at, kafka_partition, kafka_offset, occurred_at, user_key) AS copy,
            (occurred_at, true, toString(name)) AS fact,
            false AS is_row
        FROM conversions_by_id_v1
        WHERE tenant_id = tenant
            AND event_id IN (SELECT event_id FROM received WHERE event_type IN ('install', 'conversion'))
            AND kafka_topic = {topic:String}
            AND kafka_offset < {visibleUntil:Array(UInt64)}[kafka_partition + 1]
        UNION ALL
        SELECT
            event_id,
            (received_at, kafka_partition, kafka_offset, occurred_at, user_key) AS copy,
            (occurred_at, event_type IN ('install', 'conversion'), toString(name)) AS fact,
            false AS is_row
        FROM collisions_raw_v1
        WHERE tenant_id = tenant
            AND event_id IN (SELECT event_id FROM received)
            AND kafka_topic = {topic:String}
            AND kafka_offset < {visibleUntil:Array(UInt64)}[kafka_partition + 1]
    ),
    rows AS (
        SELECT
            event_id,
            here_copy AS copy,
            nth_of_position = 1 AND copy = first_copy AS is_first,
            nth_of_position = 1 AND nth_of_moment > 1 AS is_repeated,
            facts.1 AS occurred_at,
            facts.2 AS is_conversion,
            facts.3 AS name
        FROM (
            SELECT
                event_id,
                min(copy) AS first_copy,
                argMinIf(fact, copy, is_row) AS facts,
                arraySort(groupArrayIf(copy, is_row AND copy.1 >= received_from AND copy.1 < received_to)) AS here
            FROM copies
            GROUP BY event_id
        )
        ARRAY JOIN
            here AS here_copy,
            arrayEnumerateUniq(here) AS nth_of_position,
            arrayEnumerateUniq(arrayMap(entry -> entry.1, here)) AS nth_of_moment
    ),
    credited AS (
        SELECT window_start, conversion_event_id, max(touchpoint_type = 'none') AS is_organic, true AS is_credited
        FROM credits_raw_v1
        WHERE tenant_id = tenant
            AND (window_start, run_id, model) IN (SELECT entry.1, entry.2, entry.3 FROM (SELECT arrayJoin(published) AS entry))
            AND conversion_event_id IN (SELECT event_id FROM received WHERE event_type IN ('install', 'conversion'))
        GROUP BY window_start, conversion_event_id
    ),
    too_late AS (
        SELECT event_id, kafka_partition, kafka_offset
        FROM late_rows_raw_v1
        WHERE tenant_id = tenant AND kafka_topic = {topic:String}
            AND received_at >= received_from AND received_at < received_to
            AND is_own AND is_beyond_horizon
    ),
    judged AS (
        SELECT
            toStartOfHour(copy.1, 'UTC') AS hour,
            is_first,
            is_repeated,
            is_first AND is_conversion AS is_conversion,
            is_first AND copy.3 < seen_until[copy.2 + 1] AS is_inside,
            is_first AND NOT is_inside AND (event_id, copy.2, copy.3) IN (SELECT * FROM too_late) AS is_too_late,
            is_conversion AND is_inside AND (empty(conversion_names) OR has(conversion_names, name)) AS counts,
            credited.is_credited AS is_credited,
            credited.is_organic AS is_organic
        FROM (
            SELECT
                *,
                toDateTime(intDiv(toUnixTimestamp(occurred_at), {windowSeconds:UInt32}) * {windowSeconds:UInt32}, 'UTC') AS window_start
            FROM rows
        ) AS rows
        LEFT JOIN (
            SELECT entry.1 AS window_start, entry.4 AS conversion_names, entry.5 AS seen_until
            FROM (SELECT arrayJoin(published) AS entry)
        ) AS windows ON windows.window_start = rows.window_start
        LEFT JOIN credited ON credited.window_start = rows.window_start AND credited.conversion_event_id = rows.event_id
    )
SELECT
    toInt64(toUnixTimestamp(hour)) * 1000 AS hourMs,
    count() AS stored,
    countIf(is_repeated) AS repeated,
    countIf(is_first) AS events,
    countIf(is_inside) AS insideWindows,
    countIf(is_too_late) AS lateBeyondHorizon,
    countIf(is_conversion AND is_inside) AS conversions,
    countIf(counts AND is_credited AND NOT is_organic) AS credited,
    countIf(counts AND is_credited AND is_organic) AS organic,
    countIf(is_conversion AND is_inside AND NOT counts) AS notCounted,
    countIf(counts AND NOT is_credited) AS uncredited
FROM judged
GROUP BY hourMs
ORDER BY hourMs
