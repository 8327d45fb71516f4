-- Windows that were ever computed, the newest first, with what is published of them and how many rows that may change
-- them, or that came too late for them, no judged run has seen.
WITH
    published AS (
        SELECT
            tenant_id, window_start, window_end, granularity, version, run_id, reason, settings_version, published_at, trace_id
        FROM current_publications
        WHERE {tenantId:String} = '' OR tenant_id = {tenantId:String}
    ),
    first_published AS (
        SELECT tenant_id, window_start, min(published_at) AS first_published_at
        FROM publications_raw_v1
        WHERE {tenantId:String} = '' OR tenant_id = {tenantId:String}
        GROUP BY tenant_id, window_start
    ),
    judged AS (
        SELECT
            tenant_id,
            window_start,
            argMax(window_end, started_at) AS window_end,
            argMax(granularity, started_at) AS granularity,
            argMax(toString(state), started_at) AS run_state,
            argMaxIf(
                cutoff,
                arraySum(arrayMap(offsets -> arraySum(offsets), mapValues(runs.cutoff))),
                state != 'computed') AS seen,
            count() AS runs_count
        FROM runs
        WHERE ({tenantId:String} = '' OR tenant_id = {tenantId:String})
            AND window_start >= toDateTime(intDiv({fromMs:Int64}, 1000), 'UTC')
            AND window_start < toDateTime(intDiv({toMs:Int64}, 1000), 'UTC')
        GROUP BY tenant_id, window_start
        ORDER BY window_start DESC, tenant_id
        LIMIT {limit:UInt32}
    ),
    run_counts AS (
        SELECT tenant_id, window_start, run_id, conversions, conversions_attributed, conversions_organic
        FROM runs
        WHERE (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM judged)
    ),
    run_values AS (
        SELECT tenant_id, window_start, run_id, groupArray((currency, value)) AS values_by_currency
        FROM (
            SELECT tenant_id, window_start, run_id, model, toString(currency) AS currency, toString(sum(credits_per_day_v1.value)) AS value
            FROM credits_per_day_v1
            WHERE (tenant_id, window_start, run_id) IN (SELECT tenant_id, window_start, run_id FROM published)
                AND (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM judged)
            GROUP BY tenant_id, window_start, run_id, model, currency
            HAVING currency != ''
            ORDER BY tenant_id, window_start, run_id, model, currency
            LIMIT 1 BY tenant_id, window_start, run_id, currency
        )
        GROUP BY tenant_id, window_start, run_id
    ),
    late AS (
        SELECT
            tenant_id,
            window_start,
            countIf(changes_credits) AS late_rows,
            countIf(is_beyond_horizon) AS late_beyond_horizon
        FROM (
            SELECT * FROM late_rows_raw_v1 FINAL
            WHERE (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM judged)
        ) AS rows
        INNER JOIN (SELECT tenant_id, window_start, seen FROM judged) AS judged USING (tenant_id, window_start)
        WHERE kafka_offset >= seen[kafka_topic][kafka_partition + 1]
        GROUP BY tenant_id, window_start
    )
SELECT
    judged.tenant_id AS tenantId,
    toInt64(toUnixTimestamp(judged.window_start)) * 1000 AS windowStartMs,
    toInt64(toUnixTimestamp(judged.window_end)) * 1000 AS windowEndMs,
    judged.granularity AS granularity,
    run_state AS runState,
    runs_count AS runs,
    published.version AS version,
    toString(published.reason) AS reason,
    settings_version AS settingsVersion,
    toUnixTimestamp64Milli(published_at) AS publishedAtMs,
    toUnixTimestamp64Milli(first_published_at) AS firstPublishedAtMs,
    conversions,
    conversions_attributed AS conversionsAttributed,
    conversions_organic AS conversionsOrganic,
    values_by_currency AS values,
    late_rows AS lateRows,
    late_beyond_horizon AS lateBeyondHorizon,
    published.trace_id AS traceId
FROM judged
LEFT JOIN published ON published.tenant_id = judged.tenant_id AND published.window_start = judged.window_start
LEFT JOIN first_published ON first_published.tenant_id = judged.tenant_id AND first_published.window_start = judged.window_start
LEFT JOIN run_counts ON run_counts.tenant_id = judged.tenant_id AND run_counts.window_start = judged.window_start AND run_counts.run_id = published.run_id
LEFT JOIN run_values ON run_values.tenant_id = judged.tenant_id AND run_values.window_start = judged.window_start AND run_values.run_id = published.run_id
LEFT JOIN late ON late.tenant_id = judged.tenant_id AND late.window_start = judged.window_start
ORDER BY judged.window_start DESC, judged.tenant_id
