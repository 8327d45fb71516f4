-- The windows that need somebody, whoever was told what: those with rows and without a publication, and those inside their
-- late horizon whose judged runs have not seen late rows that were found for them. Windows that were judged long ago are
-- compared with all arrivals too, by hours of event time: a window that is reopened for nothing publishes nothing.
WITH
    {tenantIds:Array(String)} AS tenant_ids,
    window_starts AS (
        SELECT
            tenant_id,
            toDateTime(intDiv(toUnixTimestamp(hour), seconds) * seconds, 'UTC') AS window_start,
            transform(tenant_id, tenant_ids, {windowSeconds:Array(UInt32)}, toUInt32(86400)) AS seconds
        FROM (SELECT DISTINCT tenant_id, hour FROM arrivals_per_hour_v1 WHERE has(tenant_ids, tenant_id))
        GROUP BY tenant_id, window_start, seconds
    ),
    published AS (
        SELECT tenant_id, window_start, min(published_at) AS first_published_at, groupUniqArray(run_id) AS run_ids
        FROM publications_raw_v1
        WHERE has(tenant_ids, tenant_id)
        GROUP BY tenant_id, window_start
    ),
    candidates AS (
        SELECT
            tenant_id,
            window_start,
            first_published_at IS NOT NULL AND first_published_at > toDateTime64(0, 3, 'UTC') AS is_published,
            transform(tenant_id, tenant_ids, {windowSeconds:Array(UInt32)}, toUInt32(86400)) AS window_seconds,
            transform(tenant_id, tenant_ids, {lookbackSeconds:Array(UInt32)}, toUInt32(86400)) AS lookback_seconds,
            transform(tenant_id, tenant_ids, {horizonSeconds:Array(UInt32)}, toUInt32(0)) AS horizon_seconds
        FROM (
            SELECT tenant_id, window_start FROM window_starts
            UNION DISTINCT
            SELECT tenant_id, window_start FROM published
        ) AS known
        LEFT JOIN published USING (tenant_id, window_start)
        WHERE (tenant_id, toInt64(toUnixTimestamp(window_start)) * 1000) > ({afterTenantId:String}, {afterWindowStartMs:Int64})
            AND (NOT is_published
                OR toUnixTimestamp64Milli(first_published_at) + horizon_seconds * 1000 > {nowMs:Int64})
    ),
    -- The run that saw most: a replay may publish a run that saw less, and that is not to be undone.
    judged AS (
        SELECT
            tenant_id,
            window_start,
            argMax(cutoff, arraySum(arrayMap(offsets -> arraySum(offsets), mapValues(runs.cutoff)))) AS cutoff,
            max(started_at) AS judged_at
        FROM runs
        WHERE has(tenant_ids, tenant_id)
            AND (state != 'computed' OR (tenant_id, run_id) IN (SELECT tenant_id, run_id FROM publications_raw_v1))
        GROUP BY tenant_id, window_start
    ),
    windows AS (
        SELECT
            tenant_id, window_start, is_published, window_seconds, lookback_seconds, cutoff,
            notEmpty(cutoff) AS is_judged,
            is_judged AND judged_at < fromUnixTimestamp64Milli({judgedBeforeMs:Int64}, 'UTC') AS is_old
        FROM candidates
        LEFT JOIN judged USING (tenant_id, window_start)
    ),
    newest AS (
        SELECT tenant_id, hour, kafka_topic, kafka_partition, max(kafka_offset_max) AS offset_max
        FROM arrivals_per_hour_v1
        WHERE has(tenant_ids, tenant_id)
        GROUP BY tenant_id, hour, kafka_topic, kafka_partition
    ),
    -- Rows that lie in a window or in its lookback.
    arrived AS (
        SELECT tenant_id, window_start, kafka_topic, kafka_partition, max(offset_max) AS offset_max
        FROM (
            SELECT
                tenant_id,
                window_start,
                toDateTime(arrayJoin(range(
                    toUInt32(greatest(0, intDiv(toInt64(toUnixTimestamp(window_start)) - lookback_seconds, 3600) * 3600)),
                    toUInt32(toUnixTimestamp(window_start) + window_seconds),
                    3600
                )), 'UTC') AS hour
            FROM windows
            WHERE is_old
        ) AS reached
        INNER JOIN newest USING (tenant_id, hour)
        GROUP BY tenant_id, window_start, kafka_topic, kafka_partition
    ),
    -- Copies of a conversion that claim another time than the copy in a window: they may be the ones that count. A
    -- milestone shapes the journeys of its user for a whole lookback, and with them the windows in which they end.
    moved AS (
        SELECT
            tenant_id,
            toDateTime(arrayJoin(range(here.1, here.2 + 1, seconds)), 'UTC') AS window_start,
            elsewhere.3 AS kafka_topic,
            elsewhere.4 AS kafka_partition,
            max(elsewhere.5) AS offset_max
        FROM (
            SELECT tenant_id, seconds, here, elsewhere
            FROM (
                SELECT
                    tenant_id,
                    event_id,
                    transform(tenant_id, tenant_ids, {windowSeconds:Array(UInt32)}, toUInt32(86400)) AS seconds,
                    transform(tenant_id, tenant_ids, {lookbackSeconds:Array(UInt32)}, toUInt32(86400)) AS lookback_seconds,
                    transform(tenant_id, tenant_ids, {milestones:Array(String)}, '') AS milestone,
                    groupUniqArray((
                        toUInt32(intDiv(toUnixTimestamp(occurred_at), seconds) * seconds),
                        toUInt32(intDiv(
                            toUnixTimestamp(occurred_at) + if(milestone != '' AND name = milestone, lookback_seconds, 0),
                            seconds) * seconds),
                        toString(kafka_topic), kafka_partition, kafka_offset
                    )) AS copies
                FROM conversions_by_id_v1
                WHERE has(tenant_ids, tenant_id)
                GROUP BY tenant_id, event_id
                HAVING length(arrayDistinct(tupleElement(copies, 1))) > 1
            )
            ARRAY JOIN copies AS here
            ARRAY JOIN copies AS elsewhere
            WHERE here.1 != elsewhere.1
        )
        WHERE (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM windows WHERE is_old)
        GROUP BY tenant_id, window_start, kafka_topic, kafka_partition
    ),
    -- Rows that were found to be late long enough ago for their window to have been told.
    late AS (
        SELECT tenant_id, window_start, kafka_topic, kafka_partition, max(kafka_offset) AS offset_max
        FROM late_rows_raw_v1
        WHERE has(tenant_ids, tenant_id)
            AND changes_credits AND NOT is_beyond_horizon
            AND examined_at < fromUnixTimestamp64Milli({examinedBeforeMs:Int64}, 'UTC')
        GROUP BY tenant_id, window_start, kafka_topic, kafka_partition
    ),
    seen AS (
        SELECT
            tenant_id,
            window_start,
            groupArray((toString(kafka_topic), kafka_partition, offset_max)) AS newest_rows
        FROM (SELECT * FROM arrived UNION ALL SELECT * FROM moved UNION ALL SELECT * FROM late)
        GROUP BY tenant_id, window_start
    )
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    is_judged AND arrayExists(row -> row.3 >= cutoff[row.1][row.2 + 1], newest_rows) AS isBehind,
    is_published AS isPublished,
    arrayMap(row -> (row.1, row.2, row.3), newest_rows) AS newestRows
FROM windows
LEFT JOIN seen USING (tenant_id, window_start)
WHERE isBehind OR NOT is_published
ORDER BY tenant_id, window_start
LIMIT {windowsMax:UInt32}
