-- How much came after the late horizon of the window of its own time, for each tenant and day of event time. Each row
-- counts once, however many windows it concerns. A replay may have included some of it since.
CREATE VIEW IF NOT EXISTS late_beyond_horizon {on_cluster} AS
SELECT
    tenant_id,
    toDate(occurred_at, 'UTC') AS day,
    count() AS rows,
    countIf(event_type IN ('click', 'impression')) AS touchpoints,
    countIf(event_type IN ('install', 'conversion')) AS conversions,
    max(received_at) AS last_received_at
FROM late_rows_raw_v1 FINAL
WHERE is_own AND is_beyond_horizon
GROUP BY tenant_id, day
