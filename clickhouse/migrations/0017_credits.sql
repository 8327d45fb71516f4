-- The credits that are published now. Which run that is, is read once, before the credits: a reader sees one whole
-- publication of a window or the one before it, never a mixture.
CREATE VIEW IF NOT EXISTS credits {on_cluster} AS
SELECT * EXCEPT (row_hash)
FROM credits_raw_v1
WHERE (tenant_id, window_start, run_id) IN (SELECT tenant_id, window_start, run_id FROM current_publications)
