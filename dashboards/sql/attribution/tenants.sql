SELECT tenant_id FROM board_windows GROUP BY tenant_id ORDER BY max(published_at) DESC
