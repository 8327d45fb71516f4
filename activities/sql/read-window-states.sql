-- Of each of the given windows what its judged runs have seen (of the one that saw most: a replay may publish one that saw
-- less) and when it was published first. Windows that were never judged and never published are left out.
WITH
    asked AS (
        SELECT entry.1 AS tenant_id, toDateTime(intDiv(entry.2, 1000), 'UTC') AS window_start
        FROM (SELECT arrayJoin(arrayZip({tenantIds:Array(String)}, {windowStartsMs:Array(Int64)})) AS entry)
    ),
    published AS (
        SELECT tenant_id, window_start, run_id, published_at
        FROM publications_raw_v1
        WHERE (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM asked)
    ),
    judged AS (
        SELECT
            tenant_id,
            window_start,
            argMax(cutoff, arraySum(arrayMap(offsets -> arraySum(offsets), mapValues(runs_raw_v1.cutoff)))) AS cutoff
        FROM runs_raw_v1
        WHERE (tenant_id, window_start) IN (SELECT tenant_id, window_start FROM asked)
            AND (state != 'computed'
                OR (tenant_id, window_start, run_id) IN (SELECT tenant_id, window_start, run_id FROM published))
        GROUP BY tenant_id, window_start
    ),
    first_published AS (
        SELECT tenant_id, window_start, min(published_at) AS first_published_at
        FROM published
        GROUP BY tenant_id, window_start
    )
SELECT
    tenant_id AS tenantId,
    toInt64(toUnixTimestamp(window_start)) * 1000 AS windowStartMs,
    cutoff,
    greatest(0, toUnixTimestamp64Milli(first_published_at)) AS firstPublishedAtMs
FROM judged
LEFT JOIN first_published USING (tenant_id, window_start)
