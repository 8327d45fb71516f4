-- Up to where the topic dead-letters was read into `dead_letters`: the next offset of each partition. A topic that was
-- made anew is another one and is read from its start.
CREATE TABLE IF NOT EXISTS dead_letter_reads (
  topic_id text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (topic_id, partition)
);
