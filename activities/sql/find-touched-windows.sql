-- For each window that rows of the slice may change: how far on each partition a run has to see to have seen them.
SELECT tenant_id AS tenantId, window_start_ms AS windowStartMs, kafka_partition AS partition, max(kafka_offset) + 1 AS until
FROM touches
WHERE changes_credits
GROUP BY tenantId, windowStartMs, partition
ORDER BY tenantId, windowStartMs, partition
