-- What lies on the topic dead-letters, and what was done about it. The rows themselves stay on Kafka: here is only what
-- one needs to find, count and judge them. A letter is its origin and the number of its attempt; one that was tried
-- again and fails again is a letter of its own with the next number.
CREATE TABLE IF NOT EXISTS dead_letters (
  letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  letter_topic text NOT NULL,
  letter_topic_id text NOT NULL,
  letter_partition integer NOT NULL,
  letter_offset bigint NOT NULL,
  origin_topic text NOT NULL,
  origin_topic_id text NOT NULL,
  origin_partition integer NOT NULL,
  origin_offset bigint NOT NULL,
  -- -1 for a whole record.
  origin_line integer NOT NULL,
  attempt integer NOT NULL,
  -- Empty when its record did not say it: also a letter of nobody has to be found.
  tenant_id text NOT NULL,
  reason text NOT NULL,
  stage text NOT NULL,
  error_code text NOT NULL,
  clickhouse_error text NOT NULL,
  -- Events in it, as ingest has counted them.
  rows integer NOT NULL,
  bytes integer NOT NULL,
  -- When ingest took the event; where the row does not say it, when its record was sent to Kafka.
  received_at timestamptz NOT NULL,
  buried_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
  action_id bigint REFERENCES dead_letter_actions (action_id),
  UNIQUE (origin_topic_id, origin_partition, origin_offset, origin_line, attempt)
);
CREATE INDEX IF NOT EXISTS dead_letters_state ON dead_letters (state, letter_id);
CREATE INDEX IF NOT EXISTS dead_letters_received_at ON dead_letters (tenant_id, received_at);
CREATE INDEX IF NOT EXISTS dead_letters_action_id ON dead_letters (action_id);
