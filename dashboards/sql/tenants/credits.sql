SELECT
    tenant_id AS tenant,
    sum(conversions_attributed) AS credited,
    sum(conversions_organic) AS organic
FROM board_windows
WHERE tenant_id IN (${tenant:singlequote}) AND version > 0
GROUP BY tenant
ORDER BY sum(conversions) DESC
LIMIT 20
