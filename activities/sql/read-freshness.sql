SELECT tenant_id AS tenantId, toInt64(toUnixTimestamp(max(window_end))) * 1000 AS windowEndMs
FROM publications_raw_v1
GROUP BY tenant_id
ORDER BY tenant_id
