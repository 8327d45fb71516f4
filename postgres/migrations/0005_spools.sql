-- Spools of ingest processes that hold accepted events which are not on Kafka yet. A spool without events has no row.
CREATE TABLE IF NOT EXISTS spools (
  spool_id uuid PRIMARY KEY,
  records bigint NOT NULL CHECK (records > 0),
  oldest_received_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
