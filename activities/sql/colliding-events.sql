-- `colliding`: the events of a slice of the log of which not all copies say the same, wherever those lie.
WITH
    colliding AS (
        SELECT tenant_id, event_id
        FROM event_contents_v1
        WHERE (tenant_id, event_id) IN (
            SELECT tenant_id, event_id
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
        )
        GROUP BY tenant_id, event_id
        HAVING min(content) != max(content)
    )
