-- How many rows a tenant has, and how many different events they are.
SELECT
    count() AS rows,
    uniqExact(event_id) AS distinct,
    uniqExactIf(event_id, event_type IN ('click', 'impression')) AS touchpoints,
    uniqExactIf(event_id, event_type IN ('install', 'conversion')) AS conversions
FROM events_raw_v1
WHERE tenant_id = {tenantId:String}
