-- How many conversions more or less a channel has in each model than in the chosen one, in percent of the chosen one.
WITH
    by_model AS (
        SELECT channel, model, toFloat64(sum(credit)) AS conversions
        FROM board_credits
        WHERE tenant_id = ${tenant:singlequote}
    AND $__timeFilter(window_start)
    AND app_id IN (${app:singlequote})
    AND conversion_name IN (${conversion:singlequote})
        GROUP BY channel, model
    ),
    chosen AS (SELECT channel, conversions FROM by_model WHERE model = ${model:singlequote})
SELECT
    channel,
    sumIf(by_model.conversions, model = 'first_touch') / any(chosen.conversions) - 1 AS `first touch`,
    sumIf(by_model.conversions, model = 'last_touch') / any(chosen.conversions) - 1 AS `last touch`,
    sumIf(by_model.conversions, model = 'last_non_direct_touch') / any(chosen.conversions) - 1 AS `non direct`,
    sumIf(by_model.conversions, model = 'linear') / any(chosen.conversions) - 1 AS `linear`,
    sumIf(by_model.conversions, model = 'time_decay') / any(chosen.conversions) - 1 AS `time decay`,
    sumIf(by_model.conversions, model = 'position_based') / any(chosen.conversions) - 1 AS `position`,
    sumIf(by_model.conversions, model = 'w_shaped') / any(chosen.conversions) - 1 AS `w shaped`
FROM by_model
INNER JOIN chosen USING (channel)
WHERE chosen.conversions > 0
GROUP BY channel
ORDER BY any(chosen.conversions) DESC
