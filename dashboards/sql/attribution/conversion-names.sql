SELECT DISTINCT conversion_name FROM board_credits WHERE tenant_id = ${tenant:singlequote} ORDER BY conversion_name
