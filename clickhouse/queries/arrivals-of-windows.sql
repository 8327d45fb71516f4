-- For each window of a range that has events of its own: how far on Kafka the newest arrival lies that can change its
-- credits, the lookback before it included.
WITH
    hours AS
    (
        SELECT toUnixTimestamp(hour) AS hour_at, kafka_topic, kafka_partition, max(kafka_offset_max) AS offset_max
        FROM arrivals_per_hour_v1
        WHERE tenant_id = {tenantId:String}
            AND hour >= fromUnixTimestamp({windowsFromSeconds:Int64} - {lookbackSeconds:Int64} - 3600)
            AND hour < fromUnixTimestamp({windowsToSeconds:Int64})
        GROUP BY hour_at, kafka_topic, kafka_partition
    ),
    windows AS
    (
        SELECT DISTINCT intDiv(hour_at, {granularitySeconds:Int64}) * {granularitySeconds:Int64} AS window_start
        FROM hours
        WHERE hour_at >= {windowsFromSeconds:Int64}
    )
SELECT
    window_start * 1000 AS windowStartMs,
    kafka_topic AS topic,
    kafka_partition AS partition,
    max(offset_max) AS offset
FROM windows CROSS JOIN hours
WHERE hour_at > window_start - {lookbackSeconds:Int64} - 3600 AND hour_at < window_start + {granularitySeconds:Int64}
GROUP BY windowStartMs, topic, partition
ORDER BY windowStartMs, topic, partition
