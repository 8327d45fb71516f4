-- The runs of windows that are under way, and those that wait until their tenant has room for them: one tenant's burst
-- must not take the whole worker. Whoever computes a window holds its turn from before it asks how far Kafka has got
-- until its run is judged, so this is also the list of windows whose run may not see what arrives now.
CREATE TABLE IF NOT EXISTS run_turns (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  window_start timestamptz NOT NULL,
  granularity text NOT NULL,
  is_replay boolean NOT NULL,
  -- Its place in the queue; kept when it asks again.
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- NULL while it waits.
  begun_at timestamptz,
  PRIMARY KEY (tenant_id, window_start)
);
