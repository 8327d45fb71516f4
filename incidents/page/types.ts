import type { AlertReference, Severity, Urgency } from '../types.ts';

/** An alert as its source told it. */
export interface AlertDetails extends AlertReference {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where the source shows the rule; of Prometheus it holds the expression. */
  readonly generatorUrl?: string;
}

/** What is known of an incident before anybody is asked. */
export interface PageRequest {
  readonly incidentId: string;
  readonly tenant: string;
  readonly severity: Severity;
  readonly urgency: Urgency;
  /** One line: what is wrong, as the source says it. */
  readonly title: string;
  readonly openedAtMs: number;
  /** Some of the alerts that fire; how many there are is `alertsFiring`. */
  readonly alerts: readonly AlertDetails[];
  readonly alertsFiring: number;
}

/** What was looked for: found, which may be nothing, or not available and why. Nothing that is away holds a page up. */
export type Part<Value> =
  { readonly state: 'found'; readonly value: Value } | { readonly state: 'unavailable'; readonly reason: string };

/** An alert as the page shows it. */
export interface PageAlert {
  readonly name: string;
  readonly status: 'firing' | 'resolved';
  readonly startsAtMs: number;
  /** The sentence with the numbers of this time. */
  readonly description: string;
  /** What tells it from others of its name: no `alertname`, no `severity`. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface PageLink {
  readonly title: string;
  readonly url: string;
}

/** A request or a run that was measured while the alert rose. */
export interface PageTrace {
  readonly traceId: string;
  readonly url: string;
  readonly atMs: number;
  /** What was measured, and where: `unmogrowp_sink_delay_seconds 12.4 of sink`. */
  readonly measured: string;
  /** What the trace store says of it: its failure or its longest span; empty when the store was not asked or has no such trace. */
  readonly story: string;
}

export interface PageLogLine {
  readonly lines: number;
  readonly service: string;
  readonly message: string;
  /** Code of the error, empty without one. */
  readonly code: string;
}

export interface PageLogs {
  /** LogQL that shows the lines themselves. */
  readonly query: string;
  /** Whether the lines are those of the traces above, or all errors of the time. */
  readonly scope: 'traces' | 'time';
  readonly top: readonly PageLogLine[];
}

/** Something that was changed shortly before. */
export interface PageChange {
  readonly atMs: number;
  readonly kind: 'start' | 'replay' | 'settings';
  readonly text: string;
}

export interface PageWindow {
  readonly tenant: string;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly state: string;
}

export interface PageWindows {
  readonly windows: readonly PageWindow[];
  /** How many more there are. */
  readonly leftOut: number;
}

export interface PageStep {
  readonly language: string;
  readonly text: string;
  /** What to expect, as the page says. */
  readonly expected: string;
}

export interface PageRunbook {
  /** The shell variables that the steps need, as far as they are known. */
  readonly variables: Readonly<Record<string, string>>;
  readonly steps: readonly PageStep[];
  /** How many more commands the page has. */
  readonly leftOut: number;
}

/** How the numbers are computed again, when the cause is gone. */
export interface PageReplay {
  readonly commands: readonly string[];
  /** Whether windows are known to be wrong, or all since the alert began are taken. */
  readonly scope: 'affected' | 'since_alert';
}

/** Everything that whoever is woken needs, as it was when it was gathered. Plain JSON of at most `PAGE_BYTES_MAX`. */
export interface Page extends Omit<PageRequest, 'alerts' | 'alertsFiring'> {
  readonly version: 1;
  readonly gatheredAtMs: number;
  readonly alerts: readonly PageAlert[];
  /** Alerts that are not shown. */
  readonly alertsLeftOut: number;
  readonly links: readonly PageLink[];
  readonly traces: Part<readonly PageTrace[]>;
  readonly logs: Part<PageLogs>;
  /** Processes that were started. */
  readonly starts: Part<readonly PageChange[]>;
  /** Replays and settings. */
  readonly changes: Part<readonly PageChange[]>;
  readonly windows: Part<PageWindows>;
  readonly runbook: Part<PageRunbook>;
  /** Null where no number is computed from what is wrong. */
  readonly replay: Part<PageReplay> | null;
}
