SELECT
    started_at AS time,
    last_recorded_at AS timeEnd,
    'replay' AS title,
    concat(tenant_id, ': ', toString(windows), ' windows from ', formatDateTime(range_start, '%F %R'), ', ',
        toString(published), ' published, ', toString(failed), ' failed; unmogrowp replay show ', replay) AS text,
    'replay' AS tags
FROM board_replays
WHERE last_recorded_at >= $__fromTime AND started_at <= $__toTime
ORDER BY time
