-- What became of each window of a replay: one row for each state that it reached. The state is part of the order, so
-- that a row written twice collapses and the way of a window stays readable; the view `replay_runs` shows the newest.
-- `base_run_id` is what was published when the run was made: a diff compares with it, and a rollback returns to it. The
-- nil UUID and version 0 say that there was none.
CREATE TABLE IF NOT EXISTS replay_runs_raw_v1 {on_cluster}
(
    replay_id UUID,
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    window_end DateTime('UTC'),
    granularity LowCardinality(String),
    state Enum8(
        'failed' = 1, 'unchanged' = 2, 'computed' = 3, 'conflict' = 4, 'published' = 5, 'kept' = 6, 'rolled_back' = 7
    ),
    run_id UUID,
    base_run_id UUID,
    base_version UInt32,
    version UInt32,
    code LowCardinality(String),
    message String,
    recorded_at DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (replay_id, window_start, state)
