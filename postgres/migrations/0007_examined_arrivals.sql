-- How far the log of events has been examined for late data: for each partition the next offset. It moves on in the same
-- transaction that stores what was found (touched_windows), so nothing is found twice for nothing and nothing is skipped.
CREATE TABLE IF NOT EXISTS examined_arrivals (
  kafka_topic text NOT NULL,
  kafka_partition integer NOT NULL,
  next_offset bigint NOT NULL CHECK (next_offset >= 0),
  PRIMARY KEY (kafka_topic, kafka_partition)
);
