import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import type { RuleGroup } from './alert.ts';
import type { Time } from './time.ts';

const MINUTE = 60;

/** What only log lines say. Loki evaluates these. */
export const logsGroup = (time: Time): RuleGroup => ({
  name: 'logs',
  alerts: [
    {
      name: 'LogErrorsRising',
      severity: 'warning',
      expr: `sum by (service) (count_over_time({level=~"error|fatal"}[${time.range(5 * MINUTE)}])) > ${THRESHOLDS.errorLinesMax}`,
      forSeconds: time.seconds(2 * MINUTE),
      summary: 'A process logs many errors.',
      description: '{{ $labels.service }} has logged {{ $value }} errors in the last 5 minutes.',
      panel: panelLink('parts', 'logLines'),
    },
    {
      name: 'LogBugReported',
      severity: 'warning',
      expr: `sum by (service) (count_over_time({level=~"warn|error|fatal"} |= "\\"code\\":\\"bug\\"" [${time.range(15 * MINUTE)}])) > 0`,
      forSeconds: 0,
      summary: 'A process met an error that nobody thought of.',
      description: '{{ $labels.service }} has met {{ $value }} errors with the code bug in the last 15 minutes.',
      panel: panelLink('parts', 'logLines'),
    },
  ],
});
