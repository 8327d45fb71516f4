-- What of it lies on a spool and not on Kafka, as it was when the counts were told.
CREATE TABLE IF NOT EXISTS spooled_events (
  spool_id uuid NOT NULL,
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  events bigint NOT NULL CHECK (events > 0),
  PRIMARY KEY (spool_id, hour, tenant_id)
);
