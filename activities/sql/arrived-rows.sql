-- `arrived`: the rows of a slice of the log of some tenants; `place` is where the tenant stands in the lists of settings.
WITH
    arrived AS (
        SELECT
            tenant_id, app_id, user_key, event_id, event_type, name, occurred_at, received_at, kafka_partition, kafka_offset,
            indexOf({tenantIds:Array(String)}, tenant_id) AS place,
            {windowMs:Array(Int64)}[place] AS window_ms,
            toUnixTimestamp64Milli(occurred_at) AS at
        FROM arrivals_raw_v1
        WHERE kafka_topic = {topic:String}
            AND (kafka_partition, kafka_offset) IN (
                SELECT bounds.1, arrayJoin(range(bounds.2, bounds.3))
                FROM (
                    SELECT arrayJoin(arrayZip(
                        {partitions:Array(UInt32)}, {offsetsFrom:Array(UInt64)}, {offsetsUntil:Array(UInt64)}
                    )) AS bounds
                )
            )
            AND has({tenantIds:Array(String)}, tenant_id)
    )
