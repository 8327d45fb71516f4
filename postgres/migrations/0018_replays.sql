-- A replay: which windows of a tenant are computed again, by what, and why. What became of each window stands in
-- ClickHouse (`replay_runs`). One that runs, rests or is being cancelled holds its range against any other.
CREATE TABLE IF NOT EXISTS replays (
  replay_id uuid PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  range_start timestamptz NOT NULL,
  range_end timestamptz NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  -- Of all its windows; without one each window keeps the settings of the publication that it has (or had at `as_of`).
  settings_version integer,
  -- Compute with what was known then instead of all that has come.
  as_of timestamptz,
  is_dry_run boolean NOT NULL,
  concurrency integer NOT NULL CHECK (concurrency > 0),
  code_version text NOT NULL,
  operation text NOT NULL CHECK (operation IN ('run', 'publish', 'rollback')),
  state text NOT NULL CHECK (state IN ('running', 'paused', 'cancelling', 'cancelled', 'ended')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (range_start < range_end)
);
CREATE INDEX IF NOT EXISTS replays_tenant_id ON replays (tenant_id, created_at);
