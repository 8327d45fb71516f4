SELECT DISTINCT app_id FROM board_credits WHERE tenant_id = ${tenant:singlequote} ORDER BY app_id
