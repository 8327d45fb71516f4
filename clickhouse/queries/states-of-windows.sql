-- What the newest finished run of each window of a range was allowed to see, and what is published of the window.
WITH
    latest AS
    (
        SELECT window_start, argMax(runs.cutoff, started_at) AS cutoff
        FROM runs
        WHERE tenant_id = {tenantId:String}
            AND window_start >= fromUnixTimestamp({windowsFromSeconds:Int64})
            AND window_start < fromUnixTimestamp({windowsToSeconds:Int64})
            AND state IN ('published', 'unchanged')
        GROUP BY window_start
    ),
    first_publications AS
    (
        SELECT window_start, min(published_at) AS first_published_at
        FROM publications_raw_v1
        WHERE tenant_id = {tenantId:String}
        GROUP BY window_start
    )
SELECT
    toUnixTimestamp(published.window_start) * 1000 AS windowStartMs,
    toUnixTimestamp(published.window_end) * 1000 AS windowEndMs,
    published.version AS version,
    published.conversions AS conversions,
    published.conversions_attributed AS conversionsAttributed,
    published.conversions_organic AS conversionsOrganic,
    toUnixTimestamp64Milli(first_publications.first_published_at) AS firstPublishedAtMs,
    latest.cutoff AS cutoff
FROM publications AS published
INNER JOIN latest USING (window_start)
INNER JOIN first_publications USING (window_start)
WHERE published.tenant_id = {tenantId:String}
ORDER BY windowStartMs
