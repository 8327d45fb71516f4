-- A running import holds the range of event time that it fills, so that the windows there close once, at its end. A
-- lease expires by itself, or an import that died would keep its windows open for ever.
CREATE TABLE IF NOT EXISTS import_leases (
  lease_id uuid PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  range_start timestamptz NOT NULL,
  range_end timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CHECK (range_start <= range_end)
);
CREATE INDEX IF NOT EXISTS import_leases_tenant_id ON import_leases (tenant_id, expires_at);
