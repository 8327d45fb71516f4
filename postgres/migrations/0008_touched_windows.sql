-- Windows that somebody has to be told about: they have rows and nobody looks after them, or late rows concern them. A
-- row stays until its window was told, so what a lease holds back, or a Temporal that is away, is not forgotten; more
-- late rows make it one notice that reaches further.
CREATE TABLE IF NOT EXISTS touched_windows (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  window_start timestamptz NOT NULL,
  -- By topic the next offset of each partition: as far a run has to see. NULL when the window only has to be looked after.
  arrivals jsonb,
  -- Grows with each change, so that a notice that grew while it was delivered is delivered again.
  revision integer NOT NULL DEFAULT 1,
  found_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, window_start)
);
