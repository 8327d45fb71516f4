SELECT name AS disk, free_space AS freeBytes, total_space AS totalBytes
FROM system.disks
-- A disk in object storage has no end.
WHERE total_space < 18446744073709551615
