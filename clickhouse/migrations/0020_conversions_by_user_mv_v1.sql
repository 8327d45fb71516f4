-- Fills conversions_by_user_v1.
CREATE MATERIALIZED VIEW IF NOT EXISTS conversions_by_user_mv_v1 {on_cluster} TO conversions_by_user_v1 AS
SELECT tenant_id, app_id, user_key, occurred_at, name
FROM events_raw_v1
WHERE event_type IN ('install', 'conversion')
