-- From when on settings apply, and the replay for which settings were made, if it was one: those are used by what the
-- replay publishes and never by themselves.
ALTER TABLE attribution_settings
  ADD COLUMN IF NOT EXISTS applies_from timestamptz,
  ADD COLUMN IF NOT EXISTS replay_id uuid;
