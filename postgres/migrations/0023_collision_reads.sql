-- Up to where the log was searched for events whose copies differ: the next offset of each partition. A run searches up
-- to its cut-off before it computes anything.
CREATE TABLE IF NOT EXISTS collision_reads (
  kafka_topic text NOT NULL,
  kafka_partition integer NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (kafka_topic, kafka_partition)
);
