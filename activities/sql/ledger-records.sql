-- `records`: what arrived with each record of the log in some hours of receipt, and how many rows the record announced (0
-- when it does not say it). Ingest puts rows of one tenant and one hour into a record.
WITH
    records AS (
        SELECT
            kafka_partition,
            kafka_offset,
            any(tenant_id) AS tenant,
            toStartOfHour(min(received_at), 'UTC') AS hour,
            count() AS arrived,
            max(record_rows) AS announced,
            min(occurred_at) AS first_at,
            max(occurred_at) AS last_at
        FROM arrivals_raw_v1
        WHERE kafka_topic = {topic:String}
            AND received_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
            AND received_at < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
            AND ({tenantId:String} = '' OR tenant_id = {tenantId:String})
            AND kafka_offset < {visibleUntil:Array(UInt64)}[kafka_partition + 1]
        GROUP BY kafka_topic, kafka_partition, kafka_offset
        SETTINGS optimize_aggregation_in_order = 1
    )
