-- How many copies of events of each tenant do not count, because they say something else than the first one.
SELECT tenant_id AS tenantId, count() AS copies
FROM collisions
GROUP BY tenantId
