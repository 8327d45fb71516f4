SELECT currency
FROM board_credits
WHERE tenant_id = ${tenant:singlequote} AND currency != ''
GROUP BY currency
ORDER BY sum(value) DESC
