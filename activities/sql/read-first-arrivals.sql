-- The oldest row of each partition that is still known.
SELECT kafka_partition AS partition, min(kafka_offset) AS offset
FROM arrivals_raw_v1
WHERE kafka_topic = {topic:String}
GROUP BY partition
ORDER BY partition
