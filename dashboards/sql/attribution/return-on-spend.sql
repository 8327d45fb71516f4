SELECT
    spend.channel AS channel,
    spend.campaign AS campaign,
    toFloat64(spend.amount) AS spend,
    credited.value AS value,
    value / spend AS return,
    credited.conversions AS conversions,
    if(conversions > 0, spend / conversions, NULL) AS `cost each`
FROM (
    SELECT channel, campaign, sum(amount) AS amount
    FROM board_spend
    WHERE tenant_id = ${tenant:singlequote}
        AND app_id IN (${app:singlequote})
        AND currency = ${currency:singlequote}
        AND day >= toDate($__fromTime)
        AND day <= toDate($__toTime)
    GROUP BY channel, campaign
    HAVING amount > 0
) AS spend
LEFT JOIN (
    SELECT
        channel,
        campaign,
        toFloat64(sumIf(value, currency = ${currency:singlequote})) AS value,
        toFloat64(sum(credit)) AS conversions
    FROM board_credits
    WHERE tenant_id = ${tenant:singlequote}
        AND toDate(window_start) >= toDate($__fromTime)
        AND toDate(window_start) <= toDate($__toTime)
        AND app_id IN (${app:singlequote})
        AND conversion_name IN (${conversion:singlequote})
        AND model = ${model:singlequote}
    GROUP BY channel, campaign
) AS credited USING (channel, campaign)
ORDER BY spend DESC
