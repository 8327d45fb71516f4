-- Each tenant and hour of receipt once, as it was measured last.
CREATE VIEW IF NOT EXISTS ledger {on_cluster} AS
SELECT *
FROM ledger_raw_v1
ORDER BY tenant_id, hour, measured_at DESC, is_told DESC
LIMIT 1 BY tenant_id, hour
