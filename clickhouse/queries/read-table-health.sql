SELECT
    sum(parts_of_partition) AS parts,
    max(parts_of_partition) AS partitionPartsMax,
    sum(bytes_of_partition) AS bytes,
    (SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done) AS mutationsUnfinished
FROM (
    SELECT count() AS parts_of_partition, sum(bytes_on_disk) AS bytes_of_partition
    FROM system.parts
    WHERE active AND database = currentDatabase()
    GROUP BY table, partition_id
)
