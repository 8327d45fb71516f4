-- How many rows the record says to have in which the row came, 0 when that is not known: what is missing of it is seen
-- without asking Kafka.
ALTER TABLE events_raw_v1 {on_cluster} ADD COLUMN IF NOT EXISTS record_rows UInt32 AFTER batch_offset_last
