-- Rows that came after the run of a window had taken its cut-off, once for each window that they concern.
CREATE OR REPLACE VIEW board_late_rows {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id, window_start, event_type, occurred_at, received_at, examined_at, changes_credits, is_own, is_beyond_horizon
FROM late_rows_raw_v1 FINAL
