-- Whether rows have come into a window or into its lookback that a run with this cut-off could not see. Coarse, by hours:
-- a run more publishes nothing if its credits are the same.
SELECT count() > 0 AS isBehind
FROM arrivals_per_hour_v1
WHERE tenant_id = {tenantId:String}
    AND hour >= toStartOfHour(toDateTime(intDiv({reachStartMs:Int64}, 1000), 'UTC'), 'UTC')
    AND hour < toDateTime(intDiv({windowEndMs:Int64}, 1000), 'UTC')
    AND kafka_offset_max >= {cutoff:Map(String, Array(UInt64))}[kafka_topic][kafka_partition + 1]
