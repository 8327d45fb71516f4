-- The hours of receipt of a tenant in which events got lost.
SELECT toInt64(toUnixTimestamp(hour)) * 1000 AS hourMs, differences
FROM ledger
WHERE tenant_id = {tenantId:String} AND arrayExists(code -> differences[code] > 0, {codes:Array(String)})
ORDER BY hourMs
