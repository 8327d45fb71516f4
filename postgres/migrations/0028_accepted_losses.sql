-- Losses that somebody has looked at and bears, because nothing can bring the events back: windows are published without
-- them. Every acceptance stays; the newest of an hour counts, and holds for as many lost events and no more.
CREATE TABLE IF NOT EXISTS accepted_losses (
  acceptance_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenants (tenant_id) ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  events bigint NOT NULL CHECK (events > 0),
  accepted_by text NOT NULL,
  reason text NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS accepted_losses_hour ON accepted_losses (tenant_id, hour, acceptance_id);
