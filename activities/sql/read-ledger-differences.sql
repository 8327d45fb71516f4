-- For each tenant and code how many events differ in the hours of receipt since a moment.
SELECT tenant_id AS tenantId, entry.1 AS code, sum(entry.2) AS events
FROM (
    SELECT tenant_id, arrayJoin(arrayZip(mapKeys(differences), mapValues(differences))) AS entry
    FROM ledger
    WHERE hour >= toDateTime(intDiv({fromMs:Int64}, 1000), 'UTC')
)
GROUP BY tenantId, code
ORDER BY tenantId, code
