-- What was gathered for whoever was told, each time it was gathered: a report wants the traces and windows as they were then, when
-- the trace store and Prometheus have long forgotten them.
CREATE TABLE IF NOT EXISTS incident_pages (
  incident_id uuid NOT NULL,
  gathered_at timestamptz NOT NULL,
  page jsonb NOT NULL,
  PRIMARY KEY (incident_id, gathered_at)
);

-- Who was told in the last day is asked before every scrape; the timeline is kept for ever.
CREATE INDEX IF NOT EXISTS incident_timeline_notified_at ON incident_timeline (at) WHERE kind = 'notified';
