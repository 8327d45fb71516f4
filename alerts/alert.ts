import type { panelLink } from '../dashboards/links.ts';

/** `critical` wakes somebody, `warning` makes a ticket, `info` goes nowhere. */
export type Severity = 'critical' | 'warning' | 'info';

/** One condition under which somebody is told. Several rules may share a name: they are one alert with one page. */
export interface AlertRule {
  /** Also the name of its runbook, its test and its proof. */
  readonly name: string;
  readonly severity: Severity;
  /** PromQL, or LogQL for alerts on logs. */
  readonly expr: string;
  /** For how long the condition has to hold; a moment is no reason to wake anybody. */
  readonly forSeconds: number;
  /** For how long it stays after the condition has ended, where it would flicker. */
  readonly keepFiringSeconds?: number;
  /** Labels beside those that the expression leaves. */
  readonly labels?: Readonly<Record<string, string>>;
  /** One sentence that is the same for all. */
  readonly summary: string;
  /** What it is about this time, with Prometheus' templates. */
  readonly description: string;
  /** Where to look first. */
  readonly panel: ReturnType<typeof panelLink>;
}

/** A series that a rule writes, because alerts and boards read it more often than it changes. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly intervalSeconds?: number;
  readonly records?: readonly RecordingRule[];
  readonly alerts?: readonly AlertRule[];
}
