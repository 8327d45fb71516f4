-- Write keys are random with 192 bits, so a plain SHA-256 is enough: there is nothing to guess that a salt would protect.
CREATE TABLE IF NOT EXISTS write_keys (
  key_hash bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  -- The first characters of the key, for people who compare keys; far too few to guess the rest.
  display_prefix text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- From when on the key is refused; may lie ahead, to give clients time to change over.
  revoked_at timestamptz
);
CREATE INDEX IF NOT EXISTS write_keys_tenant_id ON write_keys (tenant_id);
