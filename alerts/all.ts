import type { AlertRule, RuleGroup } from './alert.ts';
import { incidentsGroup } from './incidents.ts';
import { ingestGroup } from './ingest.ts';
import { logsGroup } from './logs.ts';
import { objectiveGroups } from './objectives.ts';
import { partsGroup } from './parts.ts';
import { sinkGroup } from './sink.ts';
import { telemetryGroup } from './telemetry.ts';
import { type Time, createTime } from './time.ts';
import { windowsGroup } from './windows.ts';
import { workflowsGroup } from './workflows.ts';

/** How fast time passes for the rules: 1 in earnest; proofs let an hour take a minute (60). */
export interface RuleOptions {
  readonly timeScale: number;
}

/** What Prometheus evaluates. */
export function prometheusGroups({ timeScale }: RuleOptions): RuleGroup[] {
  const time: Time = createTime(timeScale);
  return [
    ...objectiveGroups(time),
    ...[ingestGroup, sinkGroup, partsGroup, windowsGroup, workflowsGroup, telemetryGroup, incidentsGroup].map((group) =>
      group(time),
    ),
  ];
}

/** What Loki evaluates. */
export function lokiGroups({ timeScale }: RuleOptions): RuleGroup[] {
  return [logsGroup(createTime(timeScale))];
}

/** All rules of all alerts; those that share a name are one alert. */
export function alertRules(options: RuleOptions = { timeScale: 1 }): AlertRule[] {
  return [...prometheusGroups(options), ...lokiGroups(options)].flatMap(({ alerts = [] }) => alerts);
}

/** The name of every alert, once. */
export const alertNames = (): string[] => [...new Set(alertRules().map(({ name }) => name))];
