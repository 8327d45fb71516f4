-- One row for each state that a run reached: what it was asked, what it was allowed to see, what it made.
--
-- The state is part of the order, so that a row written twice collapses and the history of a run stays readable; the view
-- `runs` shows the newest state. The checksum is a sum of hashes over the credits without the run's id: two runs with the
-- same one credited the same.
CREATE TABLE IF NOT EXISTS runs_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    window_end DateTime('UTC'),
    granularity LowCardinality(String),
    run_id UUID,
    state Enum8('computed' = 1, 'unchanged' = 2, 'published' = 3, 'inconsistent' = 4),
    reason Enum8('close' = 1, 'reopen' = 2, 'command' = 3, 'replay' = 4),
    settings_version UInt32,
    settings String,
    cutoff Map(String, Array(UInt64)),
    code_version LowCardinality(String),
    conversions UInt64,
    conversions_attributed UInt64,
    conversions_organic UInt64,
    touchpoints UInt64,
    credits UInt64,
    checksum UInt64,
    trace_id String,
    started_at DateTime64(3, 'UTC'),
    finished_at DateTime64(3, 'UTC'),
    duration_ms UInt64
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (tenant_id, window_start, run_id, state)
