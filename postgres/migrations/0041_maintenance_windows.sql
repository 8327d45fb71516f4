-- Times in which alerts with these labels are expected: their incidents tell nobody before the end. One that ends early
-- keeps the end that it was planned with, and nothing is ever deleted.
CREATE TABLE IF NOT EXISTS maintenance_windows (
  maintenance_id uuid PRIMARY KEY,
  -- As Alertmanager writes them; all of them must hold.
  matchers text[] NOT NULL CHECK (cardinality(matchers) > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  reason text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  ended_by text,
  CHECK (ends_at > starts_at),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX IF NOT EXISTS maintenance_windows_ends_at ON maintenance_windows (ends_at);
