-- The offsets of a piece of one partition of the log of which nothing was stored. A thousand offsets are looked at
-- together, so that a piece without gaps gives no row.
WITH
    pieces AS (
        SELECT
            piece,
            greatest({from:UInt64}, piece * 1000) AS piece_from,
            least({until:UInt64}, (piece + 1) * 1000) AS piece_until
        FROM (SELECT arrayJoin(range(intDiv({from:UInt64}, 1000), intDiv({until:UInt64} + 999, 1000))) AS piece)
    ),
    stored AS (
        SELECT intDiv(kafka_offset, 1000) AS piece, groupUniqArray(kafka_offset) AS present
        FROM arrivals_raw_v1
        WHERE kafka_topic = {topic:String} AND kafka_partition = {partition:UInt32}
            AND kafka_offset >= {from:UInt64} AND kafka_offset < {until:UInt64}
        GROUP BY piece
    )
SELECT arrayFilter(offset -> NOT has(present, offset), range(piece_from, piece_until)) AS offsets
FROM pieces
LEFT JOIN stored USING (piece)
WHERE length(present) < piece_until - piece_from
ORDER BY piece
LIMIT {piecesMax:UInt32}
