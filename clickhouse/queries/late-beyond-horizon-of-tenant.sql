-- How much of a tenant came after the late horizon of the window of its time, by day of event time; only of days to which
-- something was added in the period.
SELECT toString(day) AS day, rows, touchpoints, conversions
FROM late_beyond_horizon
WHERE tenant_id = {tenantId:String}
    AND last_received_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
ORDER BY day
