SELECT tenant_id AS tenantId, sum(late_beyond_horizon.rows) AS rows
FROM late_beyond_horizon
GROUP BY tenantId
