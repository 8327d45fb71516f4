-- The settings of each tenant that are in force now: the newest that apply by themselves and whose date has come.
CREATE OR REPLACE VIEW settings_in_force AS
SELECT DISTINCT ON (tenant_id) tenant_id, version, settings, applies_from
FROM attribution_settings
WHERE replay_id IS NULL AND (applies_from IS NULL OR applies_from <= now())
ORDER BY tenant_id, version DESC;
