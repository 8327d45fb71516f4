-- Fills event_contents_v1.
CREATE MATERIALIZED VIEW IF NOT EXISTS event_contents_mv_v1 {on_cluster} TO event_contents_v1 AS
SELECT tenant_id, event_id, content, toDate(inserted_at) AS inserted_on
FROM events_raw_v1
