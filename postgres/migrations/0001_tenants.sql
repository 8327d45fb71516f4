-- A tenant and the secret that turns its users' identifiers into user keys. The secret never changes: with another one
-- every user would become somebody else, and journeys would break in the middle.
CREATE TABLE IF NOT EXISTS tenants (
  tenant_id text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  user_key_secret bytea NOT NULL CHECK (octet_length(user_key_secret) = 32),
  -- Token bucket of one ingest process; an installation of n processes takes n times as much.
  events_per_second_max integer NOT NULL CHECK (events_per_second_max > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
