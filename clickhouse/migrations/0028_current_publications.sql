-- As before, with the new reason: a view keeps the types that it had when it was made.
CREATE OR REPLACE VIEW current_publications {on_cluster} AS
SELECT *
FROM publications_raw_v1
ORDER BY tenant_id, window_start, version DESC, published_at, run_id
LIMIT 1 BY tenant_id, window_start
