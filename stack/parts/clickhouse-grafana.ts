/** What the boards may ask: the views made for them and nothing below them, for so long and with so much memory. */
const LIMITS = {
  executionSeconds: 30,
  executionSecondsMax: 120,
  memoryBytesMax: 2_000_000_000,
  resultRowsMax: 1_000_000,
  queriesPerHourMax: 100_000,
} as const;

/**
 * The user of Grafana, as a file that is merged into the users of a ClickHouse server. It reads the views of the boards,
 * which read tables in the name of whoever made them; Grafana may send settings with a query (`readonly` 2), within limits.
 */
export function grafanaUserXml(options: {
  readonly database: string;
  /** The element, so that it can be taken from the environment. */
  readonly password: string;
  readonly network: string;
}): string {
  return `<!-- Grafana's user: reads the views of the boards, and no table. -->
<clickhouse>
  <profiles>
    <grafana>
      <readonly>2</readonly>
      <max_execution_time>${LIMITS.executionSeconds}</max_execution_time>
      <max_memory_usage>${LIMITS.memoryBytesMax}</max_memory_usage>
      <max_result_rows>${LIMITS.resultRowsMax}</max_result_rows>
      <opentelemetry_start_trace_probability>0</opentelemetry_start_trace_probability>
      <constraints>
        <max_execution_time><min>1</min><max>${LIMITS.executionSecondsMax}</max></max_execution_time>
        <max_memory_usage><min>1</min><max>${LIMITS.memoryBytesMax}</max></max_memory_usage>
        <max_result_rows><min>1</min><max>${LIMITS.resultRowsMax}</max></max_result_rows>
      </constraints>
    </grafana>
  </profiles>
  <quotas>
    <grafana><interval><duration>3600</duration><queries>${LIMITS.queriesPerHourMax}</queries></interval></grafana>
  </quotas>
  <users>
    <grafana>
      ${options.password}
      <networks><ip>${options.network}</ip></networks>
      <profile>grafana</profile>
      <quota>grafana</quota>
      <grants><query>GRANT SELECT ON ${options.database}.board_*</query></grants>
    </grafana>
  </users>
</clickhouse>
`;
}
