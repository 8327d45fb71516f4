-- What happened in an incident: written once, never changed. Not even by us, so the server itself refuses it. An entry that is
-- sent again has the same identity and is written once.
CREATE TABLE IF NOT EXISTS incident_timeline (
  entry_id text PRIMARY KEY,
  incident_id uuid NOT NULL REFERENCES incidents (incident_id),
  entry_number integer NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  -- Person, schedule or `platform`.
  actor text NOT NULL,
  details jsonb NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (incident_id, entry_number)
);

CREATE OR REPLACE FUNCTION refuse_change_of_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the timeline of incidents is written once: % is refused', TG_OP;
END
$$;
CREATE OR REPLACE TRIGGER incident_timeline_is_written_once
  BEFORE UPDATE OR DELETE ON incident_timeline FOR EACH ROW EXECUTE FUNCTION refuse_change_of_timeline();
-- Rows do not come by one by one when a table is emptied.
CREATE OR REPLACE TRIGGER incident_timeline_is_never_emptied
  BEFORE TRUNCATE ON incident_timeline FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_timeline();

-- What the source said of each alert of an incident, the newest message of it. Without a foreign key: an alert is stored when
-- Temporal has accepted it, before the workflow has told the store of its incident.
CREATE TABLE IF NOT EXISTS incident_alerts (
  incident_id uuid NOT NULL,
  fingerprint text NOT NULL,
  status text NOT NULL CHECK (status IN ('firing', 'resolved')),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz,
  labels jsonb NOT NULL,
  annotations jsonb NOT NULL,
  generator_url text NOT NULL,
  PRIMARY KEY (incident_id, fingerprint)
);
