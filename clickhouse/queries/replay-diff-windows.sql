-- The windows that a replay changes, with what was counted before and after. `moved` is how many conversions' worth of
-- credit went from one channel or campaign to another or came or went, in the model in which that is most.
WITH
    compared AS (
        SELECT window_start, state, run_id, base_run_id, base_version, version
        FROM replay_runs
        WHERE replay_id = {replayId:UUID} AND state NOT IN ('failed', 'unchanged')
    ),
    moves AS (
        SELECT window_start, max(moved) AS moved
        FROM (
            SELECT window_start, model, sum(abs(change)) / 2 AS moved
            FROM (
                SELECT
                    window_start,
                    model,
                    channel,
                    campaign,
                    sum(if(run_id IN (SELECT run_id FROM compared), credits_per_day_v1.credit, -credits_per_day_v1.credit)) AS change
                FROM credits_per_day_v1
                WHERE tenant_id = {tenantId:String}
                    AND (window_start, run_id) IN (
                        SELECT window_start, run_id FROM compared UNION ALL SELECT window_start, base_run_id FROM compared)
                GROUP BY window_start, model, channel, campaign
            )
            GROUP BY window_start, model
        )
        GROUP BY window_start
    ),
    counted AS (
        SELECT window_start, run_id, conversions, conversions_attributed, settings_version
        FROM runs
        WHERE tenant_id = {tenantId:String} AND window_start IN (SELECT window_start FROM compared)
    )
SELECT
    toInt64(toUnixTimestamp(compared.window_start)) * 1000 AS windowStartMs,
    toString(compared.state) AS state,
    compared.base_version AS baseVersion,
    compared.version AS version,
    before.conversions AS conversionsBefore,
    after.conversions AS conversionsAfter,
    before.conversions_attributed AS attributedBefore,
    after.conversions_attributed AS attributedAfter,
    before.settings_version AS settingsBefore,
    after.settings_version AS settingsAfter,
    toString(round(toFloat64(moves.moved), 6)) AS moved
FROM compared
LEFT JOIN moves ON moves.window_start = compared.window_start
LEFT JOIN counted AS before ON before.window_start = compared.window_start AND before.run_id = compared.base_run_id
LEFT JOIN counted AS after ON after.window_start = compared.window_start AND after.run_id = compared.run_id
ORDER BY moves.moved DESC, compared.window_start
LIMIT {limit:UInt32}
