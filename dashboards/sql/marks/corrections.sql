-- When numbers of the shown windows changed after they had been published, a mark for each hour.
SELECT
    toStartOfHour(published_at) AS time,
    'correction' AS title,
    concat(toString(count()), ' windows corrected: ', arrayStringConcat(groupUniqArray(toString(reason)), ', ')) AS text,
    'correction' AS tags
FROM board_publications
WHERE tenant_id = ${tenant:singlequote} AND version > 1 AND $__timeFilter(published_at)
GROUP BY time
ORDER BY time
