-- What each ingest process has accepted since it was started, by tenant and hour of receipt. Whole counts, told every
-- second: telling them twice changes nothing, and what a process that is killed had not told is less than a second of
-- events.
CREATE TABLE IF NOT EXISTS accepted_events (
  process_id uuid NOT NULL,
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  events bigint NOT NULL CHECK (events >= 0),
  PRIMARY KEY (hour, tenant_id, process_id)
);
