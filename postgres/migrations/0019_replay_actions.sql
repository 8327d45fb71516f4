-- The audit trail of replays: who did what, when and why, and what had become of the windows when it ended.
CREATE TABLE IF NOT EXISTS replay_actions (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  replay_id uuid NOT NULL REFERENCES replays (replay_id) ON DELETE CASCADE,
  -- Names one action, so that whoever repeats it writes it once.
  action_key text NOT NULL,
  action text NOT NULL,
  done_by text NOT NULL,
  note text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (replay_id, action_key)
);
