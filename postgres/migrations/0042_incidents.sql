-- Where every incident stands, as its workflow has told it last. The truth is the workflow in Temporal and the timeline; this
-- is what lists and reports read. The tenant has no foreign key: incidents of the platform itself belong to none.
CREATE TABLE IF NOT EXISTS incidents (
  incident_id uuid PRIMARY KEY,
  workflow_id text NOT NULL,
  tenant_id text NOT NULL,
  title text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
  urgency text NOT NULL CHECK (urgency IN ('high', 'low')),
  status text NOT NULL
    CHECK (status IN ('triggered', 'acknowledged', 'snoozed', 'suppressed', 'merged', 'resolved')),
  policy_version text NOT NULL,
  -- The incident of the same group before this one.
  previous_incident_id uuid,
  opened_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  resolved_at timestamptz,
  -- How many entries the timeline had when it stood like this: a message that is late never undoes a newer one.
  entries integer NOT NULL
);
CREATE INDEX IF NOT EXISTS incidents_workflow_id ON incidents (workflow_id, opened_at);
CREATE INDEX IF NOT EXISTS incidents_opened_at ON incidents (opened_at, incident_id);
CREATE INDEX IF NOT EXISTS incidents_open ON incidents (opened_at) WHERE status NOT IN ('merged', 'resolved');
