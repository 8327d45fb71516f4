-- Immutable versions, numbered from 1 per tenant: a publication names the version it was computed with.
CREATE TABLE IF NOT EXISTS attribution_settings (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  settings jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, version)
);
