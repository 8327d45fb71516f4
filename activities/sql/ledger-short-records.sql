-- Records of which rows are missing or were buried.
SELECT
    kafka_partition AS partition,
    kafka_offset AS offset,
    tenant AS tenantId,
    toInt64(toUnixTimestamp(hour)) * 1000 AS hourMs,
    arrived,
    announced
FROM records
WHERE announced > arrived
ORDER BY partition, offset
LIMIT {recordsMax:UInt32}
