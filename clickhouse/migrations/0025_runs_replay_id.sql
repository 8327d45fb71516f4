-- The replay for which a run was made; empty for all others.
ALTER TABLE runs_raw_v1 {on_cluster} ADD COLUMN IF NOT EXISTS replay_id LowCardinality(String)
