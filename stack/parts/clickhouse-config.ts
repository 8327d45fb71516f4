/** The server's own logs that are kept over restarts, copied into the database `ops`. */
const KEPT_LOGS = ['query_log', 'part_log', 'opentelemetry_span_log'] as const;

/**
 * Nothing is begun that would leave less free: a merge that meets a disk without any room may lose what it merges
 * (ClickHouse 26.7 takes its empty files for the new part).
 */
export const KEPT_FREE_BYTES = 268_435_456;

const logTable = (name: string) =>
  `  <${name}><database>system</database><table>${name}</table><partition_by>toYYYYMM(event_date)</partition_by>` +
  `<ttl>event_date + INTERVAL 7 DAY</ttl><flush_interval_milliseconds>1000</flush_interval_milliseconds></${name}>`;

/** The users, merged with those of `users.d`: here only `default`, without password, on loopback only. There is no writable access storage in this build. */
export function usersXml(): string {
  return `<clickhouse>
  <profiles><default><log_queries>1</log_queries><opentelemetry_start_trace_probability>0</opentelemetry_start_trace_probability></default></profiles>
  <quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><access_management>1</access_management><named_collection_control>1</named_collection_control></default>
  </users>
</clickhouse>
`;
}

/** The server's configuration; ports and data path are command line arguments. */
export function configXml(options: { usersFile: string; logDirectory: string; memoryBytesMax: number }): string {
  return `<clickhouse>
  <logger><level>warning</level><log>${xml(options.logDirectory)}/clickhouse-server.log</log><errorlog>${xml(options.logDirectory)}/clickhouse-server.err.log</errorlog><size>10M</size><count>2</count></logger>
  <user_directories><users_xml><path>${xml(options.usersFile)}</path></users_xml></user_directories>
  <users_config>${xml(options.usersFile)}</users_config>
  <default_profile>default</default_profile>
  <storage_configuration><disks><default><keep_free_space_bytes>${KEPT_FREE_BYTES}</keep_free_space_bytes></default></disks></storage_configuration>
  <mark_cache_size>268435456</mark_cache_size>
  <shutdown_wait_unfinished>1</shutdown_wait_unfinished>
  <max_server_memory_usage>${options.memoryBytesMax}</max_server_memory_usage>
${logTable('query_log')}
${logTable('part_log')}
  <opentelemetry_span_log><engine>ENGINE = MergeTree PARTITION BY toYYYYMM(finish_date) ORDER BY (finish_date, finish_time_us, trace_id) TTL finish_date + INTERVAL 7 DAY</engine><database>system</database><table>opentelemetry_span_log</table><flush_interval_milliseconds>1000</flush_interval_milliseconds></opentelemetry_span_log>
  <http_handlers>
    <rule><url>/metrics</url><methods>GET</methods><handler><type>prometheus</type><metrics>true</metrics><events>true</events><asynchronous_metrics>true</asynchronous_metrics></handler></rule>
    <defaults/>
  </http_handlers>
</clickhouse>
`;
}

/** The query that the server waits in; killing it is how the server is stopped. */
export const WAITING_QUERY =
  'SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size=1, ' +
  'function_sleep_max_microseconds_per_block=0, max_execution_time=0';

/**
 * What the server does at every start, in one go: `system` lives in memory in this build, so the logs worth keeping are
 * copied by materialized views to `ops`, which is on disk. Only then does it listen and wait.
 */
export function bootQueries(): string {
  const copies = KEPT_LOGS.flatMap((table) => [
    `CREATE TABLE IF NOT EXISTS ops.${table} AS system.${table}`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ops.${table}_mv TO ops.${table} AS SELECT * FROM system.${table}`,
  ]);
  const queries = [
    'CREATE DATABASE IF NOT EXISTS ops',
    'SYSTEM FLUSH LOGS',
    ...copies,
    'SYSTEM START LISTEN QUERIES ALL',
  ];
  return [...queries, WAITING_QUERY].join('; ');
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
