-- What a replay changes, by model and by whatever else is asked for: what was published when it was computed, and what it
-- computed. Windows that came out the same or failed are not in it.
WITH
    compared AS (
        SELECT window_start, run_id, base_run_id
        FROM replay_runs
        WHERE replay_id = {replayId:UUID} AND state NOT IN ('failed', 'unchanged')
    ),
    by_currency AS (
        SELECT
            model AS in_model,
            if(has({by:Array(String)}, 'day'), toString(day), '') AS in_day,
            if(has({by:Array(String)}, 'app'), toString(app_id), '') AS in_app,
            if(has({by:Array(String)}, 'channel'), toString(channel), '') AS in_channel,
            if(has({by:Array(String)}, 'campaign'), toString(campaign), '') AS in_campaign,
            if(has({by:Array(String)}, 'conversion'), toString(conversion_name), '') AS in_conversion,
            toString(currency) AS in_currency,
            run_id IN (SELECT run_id FROM compared) AS is_after,
            sum(credits_per_day_v1.credit) AS credit_sum,
            sum(credits_per_day_v1.value) AS value_sum
        FROM credits_per_day_v1
        WHERE tenant_id = {tenantId:String}
            AND (window_start, run_id) IN (
                SELECT window_start, run_id FROM compared UNION ALL SELECT window_start, base_run_id FROM compared)
            AND (empty({models:Array(String)}) OR has({models:Array(String)}, model))
            AND (empty({channels:Array(String)}) OR has({channels:Array(String)}, channel))
            AND (empty({campaigns:Array(String)}) OR has({campaigns:Array(String)}, campaign))
            AND (empty({days:Array(String)}) OR has({days:Array(String)}, toString(day)))
        GROUP BY in_model, in_day, in_app, in_channel, in_campaign, in_conversion, in_currency, is_after
    ),
    changes AS (
        SELECT
            in_model, in_day, in_app, in_channel, in_campaign, in_conversion, in_currency,
            sumIf(credit_sum, NOT is_after) AS credit_before,
            sumIf(credit_sum, is_after) AS credit_after,
            sumIf(value_sum, NOT is_after) AS value_before,
            sumIf(value_sum, is_after) AS value_after
        FROM by_currency
        GROUP BY in_model, in_day, in_app, in_channel, in_campaign, in_conversion, in_currency
    )
SELECT
    toString(in_model) AS model,
    in_day AS day,
    in_app AS app,
    in_channel AS channel,
    in_campaign AS campaign,
    in_conversion AS conversion,
    toString(sum(credit_before)) AS creditBefore,
    toString(sum(credit_after)) AS creditAfter,
    toString(sum(credit_after) - sum(credit_before)) AS creditChange,
    arraySort(groupArrayIf(
        (in_currency, toString(value_before), toString(value_after), toString(value_after - value_before)),
        in_currency != '')) AS values
FROM changes
GROUP BY in_model, in_day, in_app, in_channel, in_campaign, in_conversion
HAVING {isAll:Bool} OR sum(credit_before) != sum(credit_after) OR countIf(value_before != value_after) > 0
ORDER BY abs(sum(credit_after) - sum(credit_before)) DESC, sum(abs(value_after - value_before)) DESC, model, day, app, channel, campaign, conversion
LIMIT {limit:UInt32}
