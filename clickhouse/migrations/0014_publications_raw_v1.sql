-- Which run of a window is the truth. One row is a publication; the highest version of a window is what readers see, and
-- the ones before it stay as its history. The run is part of the order, so that two runs that claim one version would be
-- seen instead of one of them vanishing in a merge; the first published of them counts.
CREATE TABLE IF NOT EXISTS publications_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    window_end DateTime('UTC'),
    granularity LowCardinality(String),
    version UInt32,
    run_id UUID,
    reason Enum8('close' = 1, 'reopen' = 2, 'command' = 3, 'replay' = 4),
    settings_version UInt32,
    published_at DateTime64(3, 'UTC'),
    trace_id String
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (tenant_id, window_start, version, run_id)
