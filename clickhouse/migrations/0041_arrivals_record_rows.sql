-- The same in the order of the log, and an index by which an hour of receipt is found there: in each partition of the log
-- the rows come almost in the order of their receipt.
ALTER TABLE arrivals_raw_v1 {on_cluster}
ADD COLUMN IF NOT EXISTS record_rows UInt32,
ADD INDEX IF NOT EXISTS received_at_index received_at TYPE minmax GRANULARITY 1
