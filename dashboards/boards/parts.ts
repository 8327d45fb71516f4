import { THRESHOLDS } from '../../otel/objectives.ts';
import { by, series } from '../../otel/promql.ts';
import { CLICKHOUSE_SERVER } from '../../otel/registry/external/clickhouse.ts';
import { PROMETHEUS } from '../../otel/registry/external/prometheus.ts';
import { TEMPORAL_SDK } from '../../otel/registry/external/temporal-sdk.ts';
import { TEMPORAL_SERVER } from '../../otel/registry/external/temporal-server.ts';
import { PARTS_METRICS } from '../../otel/registry/parts.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { quantile, rate, share } from '../expressions.ts';
import { arrange, grid } from '../grid.ts';
import { LOOK, WRONG, redFrom } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { graph, timeline } from '../panels.ts';
import { metric, metricRows, seldom } from '../queries.ts';
import { RUNNING, UP_OR_DOWN, errorRates } from '../shared-panels.ts';
import { TELEMETRY_ROWS } from './parts-telemetry.ts';

/** What the pipeline stands on. */
export const parts: BoardPlan<'parts'> = {
  board: 'parts',
  description:
    'What the pipeline stands on: processes, ClickHouse, Kafka, Temporal, PostgreSQL, the trace store, and whether what we see is all there is.',
  from: 'now-3h',
  refresh: '30s',
  variables: [],
  marks: CHANGES,
  rows: [
    {
      height: 8,
      panels: {
        up: timeline({
          title: 'Who answers',
          description: 'Whether Prometheus reaches each process. A red gap is the time for which it did not answer.',
          unit: 'short',
          mappings: UP_OR_DOWN,
          queries: [metric(series(PROMETHEUS.up), '{{job}} {{instance}}')],
        }),
        versions: grid({
          title: 'What runs, and since when',
          description: 'Version and start of each process of ours.',
          queries: [metricRows(RUNNING)],
          columns: { Value: { unit: 'dateTimeFromNow', name: 'started' } },
          transformations: [
            arrange({ hidden: ['Time', '__name__'], order: ['job', 'version', 'Value', 'instance', 'runtime'] }),
          ],
          width: 8,
        }),
        errors: graph({
          title: 'Errors met, by code',
          description: 'Every error that a process met, by its code of errors.ts. Most are tried again.',
          unit: 'suffix:/s',
          decimals: 2,
          queries: [errorRates()],
          expects: emptyBecause('healthy processes meet no errors'),
        }),
      },
    },
    {
      title: 'Our processes',
      height: 7,
      panels: {
        processorTime: graph({
          title: 'Processor time',
          description: 'Processors that each process keeps busy; one is all that JavaScript can use at a time.',
          unit: 'percentunit',
          queries: [
            metric(
              rate(series(PROCESS_METRICS.processorTime, { job: ['ingest', 'sink', 'worker'] })),
              '{{job}} {{instance}}',
            ),
          ],
        }),
        memory: graph({
          title: 'Memory',
          description: 'Memory of each process that is in RAM. A line that climbs for days leaks.',
          unit: 'bytes',
          queries: [
            metric(
              series(PROCESS_METRICS.residentMemory, { job: ['ingest', 'sink', 'worker'] }),
              '{{job}} {{instance}}',
            ),
          ],
        }),
        eventLoopDelay: graph({
          title: 'Longest blocking of the event loop',
          description: 'While it is blocked a process answers nobody. Over a second is a bug.',
          unit: 's',
          steps: redFrom(1),
          queries: [metric(series(PROCESS_METRICS.eventLoopDelayMax), '{{job}} {{instance}}')],
        }),
      },
    },
    {
      title: 'ClickHouse',
      height: 7,
      panels: {
        clickHouseParts: graph({
          title: 'Parts in a partition',
          description: 'Merges keep it low. ClickHouse slows inserts down at 1,000 and refuses them at 3,000.',
          unit: 'short',
          decimals: 0,
          steps: redFrom(THRESHOLDS.partsMax),
          queries: [metric(`max(${series(PARTS_METRICS.partitionPartsMax)})`, 'parts')],
        }),
        clickHouseQueries: graph({
          title: 'Queries and merges',
          description:
            'Many queries at once are people or windows; merges go on all the time. Inserts are slowed down or refused when a partition has too many parts.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(`sum(${series(CLICKHOUSE_SERVER.queriesRunning)})`, 'queries'),
            metric(`sum(${series(CLICKHOUSE_SERVER.mergesRunning)})`, 'merges'),
            metric(`sum(${rate(series(CLICKHOUSE_SERVER.queriesFailed))})`, 'failed a second'),
            metric(
              `sum(${rate(series(CLICKHOUSE_SERVER.insertsRejected))}) + sum(${rate(series(CLICKHOUSE_SERVER.insertsDelayed))})`,
              'inserts held up a second',
            ),
          ],
          colors: { 'failed a second': WRONG, 'inserts held up a second': LOOK },
        }),
        clickHouseInserts: graph({
          title: 'Time of an insert',
          description:
            'Mean of all inserts, and inserts that it slowed down or refused because a partition had too many parts.',
          unit: 's',
          queries: [
            metric(
              share(
                `sum(${rate(series(CLICKHOUSE_SERVER.insertTime))}) / 1e6`,
                `sum(${rate(series(CLICKHOUSE_SERVER.inserts))})`,
              ),
              'mean',
            ),
          ],
        }),
        clickHouseMemory: graph({
          title: 'Memory',
          description: 'Memory that the server accounts for.',
          unit: 'bytes',
          queries: [metric(series(CLICKHOUSE_SERVER.memoryUsed), '{{instance}}')],
        }),
        clickHouseDisk: graph({
          title: 'Disk in use',
          description: 'Full disks stop inserts. The line is where somebody is told.',
          unit: 'percentunit',
          max: 1,
          steps: redFrom(THRESHOLDS.diskUsedRatioMax),
          queries: [
            metric(
              `1 - max ${by(PARTS_METRICS.diskFree, 'disk')} (${series(PARTS_METRICS.diskFree)}) / max ${by(PARTS_METRICS.diskSize, 'disk')} (${series(PARTS_METRICS.diskSize)})`,
              '{{disk}}',
            ),
          ],
        }),
      },
    },
    {
      title: 'Kafka and PostgreSQL',
      height: 7,
      panels: {
        kafkaBrokers: graph({
          title: 'Brokers of Kafka',
          description:
            'Brokers that the cluster has, and whether one of them answers. Its lag is on the board Kafka and sink.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(`max(${series(PARTS_METRICS.kafkaBrokers)})`, 'brokers'),
            metric(`min(${series(PARTS_METRICS.kafkaUp)})`, 'answers'),
          ],
        }),
        postgres: graph({
          title: 'How long PostgreSQL takes (99 %)',
          description: 'For a small question of the worker. Ingest keeps keys for some seconds when it is away.',
          unit: 's',
          gapSecondsMax: 300,
          queries: [metric(quantile(0.99, PARTS_METRICS.postgresQueryDuration), 'answer')],
        }),
        postgresConnections: graph({
          title: 'Connections of PostgreSQL',
          description: 'Of those that it allows. At its limit nobody can come in, the command line neither.',
          unit: 'short',
          decimals: 0,
          stacked: true,
          queries: [
            metric(
              `max ${by(PARTS_METRICS.postgresConnections, 'state')} (${series(PARTS_METRICS.postgresConnections)})`,
              '{{state}}',
            ),
          ],
        }),
      },
    },
    {
      title: 'Temporal',
      height: 7,
      panels: {
        temporalPollers: graph({
          title: 'Pollers',
          description: 'Open questions for work. At 0 nothing happens to windows.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(
              `sum ${by(TEMPORAL_SDK.pollers, 'poller_type')} (${series(TEMPORAL_SDK.pollers, { job: 'worker' })})`,
              '{{poller_type}}',
            ),
          ],
        }),
        temporalQueueTimes: graph({
          title: 'Work waits (99 %)',
          description: 'How long work lay on the queue. The line is where somebody is told.',
          unit: 's',
          steps: redFrom(THRESHOLDS.activityWaitSecondsMax),
          queries: [
            metric(quantile(0.99, TEMPORAL_SDK.activityWait, { job: 'worker' }), 'activities'),
            metric(quantile(0.99, TEMPORAL_SDK.workflowTaskWait, { job: 'worker' }), 'workflows'),
            seldom(
              metric(`max(${series(TEMPORAL_SERVER.backlogAge, { task_type: 'Activity' })})`, 'oldest on the queue'),
              'the server shows it after a task has had to wait',
            ),
          ],
        }),
        temporalFailures: graph({
          title: 'What fails',
          description:
            'Attempts of activities that failed and are tried again, and steps of workflows whose code does not fit their history.',
          unit: 'suffix:/s',
          decimals: 2,
          queries: [
            metric(
              `sum ${by(TEMPORAL_SDK.activityFailures, 'activity_type')} (${rate(series(TEMPORAL_SDK.activityFailures, { job: 'worker' }))})`,
              '{{activity_type}}',
            ),
            metric(
              `sum ${by(TEMPORAL_SDK.workflowTaskFailures, 'failure_reason')} (${rate(series(TEMPORAL_SDK.workflowTaskFailures, { job: 'worker' }))})`,
              'workflow: {{failure_reason}}',
            ),
          ],
          expects: emptyBecause('the SDK counts failures from the first one on'),
        }),
        temporalSlots: graph({
          title: 'Places taken',
          description: 'At 100 % new work waits.',
          unit: 'percentunit',
          max: 1,
          queries: [
            metric(
              `sum ${by(TEMPORAL_SDK.slotsUsed, 'worker_type')} (${series(TEMPORAL_SDK.slotsUsed, { job: 'worker' })}) / (sum ${by(TEMPORAL_SDK.slotsUsed, 'worker_type')} (${series(TEMPORAL_SDK.slotsUsed, { job: 'worker' })}) + sum ${by(TEMPORAL_SDK.slotsFree, 'worker_type')} (${series(TEMPORAL_SDK.slotsFree, { job: 'worker' })}))`,
              '{{worker_type}}',
            ),
          ],
        }),
        temporalServer: graph({
          title: 'Server time (99 %)',
          description: 'Calls of Temporal, and calls of its database. Long polls are left out.',
          unit: 's',
          queries: [
            metric(
              quantile(0.99, TEMPORAL_SERVER.requestDuration, {
                operation: {
                  not: [
                    'PollActivityTaskQueue',
                    'PollWorkflowTaskQueue',
                    'PollNexusTaskQueue',
                    'GetWorkflowExecutionHistory',
                  ],
                },
                service_name: 'frontend',
              }),
              'calls',
            ),
            metric(quantile(0.99, TEMPORAL_SERVER.storeDuration), 'its database'),
          ],
        }),
      },
    },
    ...TELEMETRY_ROWS,
  ],
};
