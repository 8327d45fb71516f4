-- The conversions behind what a replay changes: what each gave to the touchpoints that the filters name, before and after.
WITH
    compared AS (
        SELECT window_start, run_id, base_run_id
        FROM replay_runs
        WHERE replay_id = {replayId:UUID} AND state NOT IN ('failed', 'unchanged')
    )
SELECT
    toString(model) AS model,
    toString(conversion_event_id) AS conversionEventId,
    toUnixTimestamp64Milli(conversion_at) AS conversionAtMs,
    toString(conversion_name) AS conversion,
    toString(app_id) AS app,
    toString(currency) AS currency,
    toString(sumIf(credits_raw_v1.credit, NOT is_after)) AS creditBefore,
    toString(sumIf(credits_raw_v1.credit, is_after)) AS creditAfter,
    toString(sumIf(credits_raw_v1.value, NOT is_after)) AS valueBefore,
    toString(sumIf(credits_raw_v1.value, is_after)) AS valueAfter,
    arraySort(groupUniqArrayIf(toString(channel), NOT is_after)) AS channelsBefore,
    arraySort(groupUniqArrayIf(toString(channel), is_after)) AS channelsAfter
FROM (
    SELECT *, run_id IN (SELECT run_id FROM compared) AS is_after
    FROM credits_raw_v1
    WHERE tenant_id = {tenantId:String}
        AND (window_start, run_id) IN (
            SELECT window_start, run_id FROM compared UNION ALL SELECT window_start, base_run_id FROM compared)
        AND (empty({models:Array(String)}) OR has({models:Array(String)}, model))
        AND (empty({channels:Array(String)}) OR has({channels:Array(String)}, channel))
        AND (empty({campaigns:Array(String)}) OR has({campaigns:Array(String)}, campaign))
        AND (empty({days:Array(String)}) OR has({days:Array(String)}, toString(toDate(conversion_at, 'UTC'))))
) AS credits_raw_v1
GROUP BY model, conversion_event_id, conversion_at, conversion_name, app_id, currency
HAVING sumIf(row_hash, is_after) != sumIf(row_hash, NOT is_after)
ORDER BY
    abs(sumIf(credits_raw_v1.credit, is_after) - sumIf(credits_raw_v1.credit, NOT is_after)) DESC,
    conversion_at,
    conversion_event_id,
    model
LIMIT {limit:UInt32}
