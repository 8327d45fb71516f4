-- What arrived, without who and which event: when things happened and when they were received. A filter on `inserted_at`
-- passes over whole days.
CREATE OR REPLACE VIEW board_arrivals {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id, app_id, event_type, name, channel, occurred_at, received_at, inserted_at,
    greatest(0, dateDiff('millisecond', occurred_at, received_at)) / 1000 AS lateness_seconds,
    greatest(0, dateDiff('millisecond', received_at, occurred_at)) / 1000 AS ahead_seconds
FROM arrivals_raw_v1
