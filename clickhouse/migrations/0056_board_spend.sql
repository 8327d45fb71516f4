-- What campaigns cost per day, for boards.
CREATE OR REPLACE VIEW board_spend {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT tenant_id, day, app_id, channel, campaign, currency, amount
FROM spend_raw_v1 FINAL
