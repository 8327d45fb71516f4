-- How far the sink had come at which time: by it a replay sees what could be seen then. One row for each reconcile that
-- found something new; a year of them, one a minute, is half a million rows of some 20 bytes.
CREATE TABLE IF NOT EXISTS cutoffs_raw_v1 {on_cluster}
(
    recorded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    cutoff Map(String, Array(UInt64)) CODEC(ZSTD)
)
ENGINE = {engine:MergeTree}
ORDER BY recorded_at
TTL toDateTime(recorded_at) + INTERVAL 400 DAY
