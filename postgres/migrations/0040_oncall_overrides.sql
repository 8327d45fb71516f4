-- Who is on call instead of whom a schedule of the policy names: overrides that somebody made, and shifts of an imported
-- calendar, over which overrides win. Nothing is ever deleted, and one that is withdrawn counts for the time before:
-- whoever was called at night must be able to see why.
-- Schedules live in the policy file, so schedule_id refers to no table.
CREATE TABLE IF NOT EXISTS oncall_overrides (
  override_id uuid PRIMARY KEY,
  schedule_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('override', 'shift')),
  people text[] NOT NULL CHECK (cardinality(people) > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  reason text NOT NULL,
  -- The event of a calendar that it comes from.
  calendar_uid text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  withdrawn_by text,
  CHECK (ends_at > starts_at),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX IF NOT EXISTS oncall_overrides_ends_at ON oncall_overrides (ends_at);
-- A calendar that is imported again adds nothing that is there already.
CREATE UNIQUE INDEX IF NOT EXISTS oncall_overrides_imported
  ON oncall_overrides (schedule_id, kind, calendar_uid, starts_at, ends_at, people)
  WHERE withdrawn_at IS NULL AND calendar_uid IS NOT NULL;
