import type { RuleOptions } from './all.ts';
import { yamlText } from './rule-file.ts';
import { createTime } from './time.ts';

/**
 * What the incidents process is told: what wakes somebody, what makes a ticket, and that alerts work at all. Who that is, and by
 * which way, is a matter of its policy.
 */
const RECEIVERS = ['pager', 'tickets', 'watchdog'] as const;

/** A chat that Alertmanager tells by itself: what says that nobody is told must not take the way that is broken. */
const DIRECT = 'direct';

/** What goes there beside its usual way: alerts that ask for it by a label, and the absence of what incidents live in. */
const DIRECT_MATCHERS = ['route = direct', 'alertname = TemporalUnavailable'] as const;

/** Goes nowhere. */
const NOBODY = 'nobody';

interface Inhibition {
  /** What is known to be the cause while it fires. */
  readonly cause: string;
  /** What follows from it and tells nothing new. */
  readonly silences: readonly string[];
}

const WINDOWS_WAIT = ['WindowOverdue', 'WindowCloseBudgetBurn', 'ReplayStalled', 'WorkflowScheduleMissed'];
const SINK_WAITS = ['KafkaLagGrowing', 'SinkStalled', 'SinkPartitionBlocked', 'SinkFreshnessBudgetBurn'];

/** The chains of causes: each alert silences what follows from it. */
export const INHIBITIONS: readonly Inhibition[] = [
  {
    cause: 'KafkaUnavailable',
    silences: ['IngestSpoolInUse', 'IngestLatencyBudgetBurn', ...SINK_WAITS, ...WINDOWS_WAIT],
  },
  {
    cause: 'ClickHouseUnavailable',
    silences: [
      ...SINK_WAITS,
      ...WINDOWS_WAIT,
      'ClickHouseInsertsSlow',
      'WindowStuckInVerify',
      'WorkflowActivityBacklog',
    ],
  },
  { cause: 'PostgresUnavailable', silences: ['IngestAvailabilityBudgetBurn', ...WINDOWS_WAIT] },
  { cause: 'TemporalUnavailable', silences: ['WorkflowPollersMissing', 'WorkflowActivityBacklog', ...WINDOWS_WAIT] },
  { cause: 'WorkflowPollersMissing', silences: ['WorkflowActivityBacklog', 'ObjectiveUnmeasured', ...WINDOWS_WAIT] },
  { cause: 'WorkflowNonDeterminism', silences: WINDOWS_WAIT },
  { cause: 'SinkStalled', silences: ['KafkaLagGrowing', 'SinkPartitionBlocked', ...WINDOWS_WAIT] },
  { cause: 'ClickHouseTooManyParts', silences: ['ClickHouseInsertsSlow'] },
  { cause: 'LedgerEventsLost', silences: ['WindowInconsistent', 'WindowCorrectnessBudgetBurn'] },
  { cause: 'WindowInconsistent', silences: ['WindowCorrectnessBudgetBurn'] },
  { cause: 'WindowOverdue', silences: ['WindowCloseBudgetBurn', 'WindowStuckInVerify'] },
  { cause: 'TelemetryDropped', silences: ['TraceCompletenessBudgetBurn'] },
];

/** Where a receiver is: a file that holds its address, for addresses are secrets. */
const addressFile = (receiver: string): string => `receivers/${receiver}`;

/** What the incidents process believes. */
const TOKEN_FILE = 'receivers/token';

const CHAT_TITLE = '{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}';
const CHAT_TEXT =
  '{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.description }} {{ .Annotations.runbook_url }}\n{{ end }}';

/** Routing and inhibition as Alertmanager reads them. */
export function alertmanagerConfig({ timeScale }: RuleOptions): string {
  const time = createTime(timeScale);
  const duration = (seconds: number): string => `${Math.max(1, Math.round(time.seconds(seconds)))}s`;
  return yamlText({
    global: { resolve_timeout: duration(300) },
    route: {
      receiver: NOBODY,
      group_by: ['alertname', 'tenant', 'objective', 'job'],
      group_wait: duration(30),
      group_interval: duration(300),
      repeat_interval: duration(4 * 3_600),
      routes: [
        {
          matchers: ['alertname = Watchdog'],
          receiver: 'watchdog',
          group_wait: '1s',
          group_interval: duration(60),
          repeat_interval: duration(60),
        },
        ...DIRECT_MATCHERS.map((matcher) => ({ matchers: [matcher], receiver: DIRECT, continue: true })),
        { matchers: ['severity = critical'], receiver: 'pager' },
        // Nobody reads tickets at night.
        { matchers: ['severity = warning'], receiver: 'tickets', repeat_interval: duration(24 * 3_600) },
      ],
    },
    inhibit_rules: [
      // The page of an alert says more than its ticket.
      {
        source_matchers: ['severity = critical'],
        target_matchers: ['severity = warning'],
        equal: ['alertname', 'objective'],
      },
      ...INHIBITIONS.map(({ cause, silences }) => ({
        source_matchers: [`alertname = ${cause}`],
        target_matchers: [`alertname =~ "${silences.join('|')}"`],
      })),
    ],
    receivers: [
      { name: NOBODY },
      ...RECEIVERS.map((name) => ({
        name,
        webhook_configs: [
          {
            url_file: addressFile(name),
            send_resolved: name !== 'watchdog',
            http_config: { authorization: { credentials_file: TOKEN_FILE } },
          },
        ],
      })),
      {
        name: DIRECT,
        slack_configs: [{ api_url_file: addressFile(DIRECT), send_resolved: true, title: CHAT_TITLE, text: CHAT_TEXT }],
      },
    ],
  });
}
