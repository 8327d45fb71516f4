-- The server's own spans that were written to its log since a moment, oldest first. Only attributes that say how much
-- work was done: texts of statements, addresses and exceptions may hold values of rows. Left out are the spans of single
-- reads, hundreds in each query, which say nothing that the sums of the query do not.
SELECT
    lower(hex(trace_id)) AS trace_id,
    leftPad(lower(hex(span_id)), 16, '0') AS span_id,
    if(parent_span_id = 0, '', leftPad(lower(hex(parent_span_id)), 16, '0')) AS parent_span_id,
    operation_name AS name,
    toInt8(kind) AS kind,
    start_time_us,
    finish_time_us,
    status_code = 'ERROR' OR attribute['clickhouse.exception_code'] NOT IN ('', '0') AS is_error,
    mapFilter((key, value) -> key IN (
        'clickhouse.query_id', 'clickhouse.query_status', 'clickhouse.exception_code', 'clickhouse.http_status',
        'clickhouse.read_rows', 'clickhouse.read_bytes', 'clickhouse.written_rows', 'clickhouse.written_bytes',
        'clickhouse.memory_usage', 'clickhouse.thread_num', 'http.method'
    ), attribute) AS attributes
FROM system.opentelemetry_span_log
WHERE finish_time_us >= greatest({after_us:UInt64}, toUInt64(toUnixTimestamp64Micro(now64(6))) - {backlog_us:UInt64})
    AND (finish_time_us, trace_id, span_id) > ({after_us:UInt64}, {after_trace_id:String}, {after_span_id:String})
    AND finish_date >= today() - 2
    AND trace_id != '00000000000000000000000000000000'
    AND operation_name != 'MergeTreeMarksLoader::loadMarks'
    AND operation_name NOT LIKE 'MergeTreeSource(%::tryGenerate'
ORDER BY finish_time_us, trace_id, span_id
LIMIT {spans_max:UInt32}
