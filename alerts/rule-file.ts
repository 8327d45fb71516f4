import { stringify } from 'yaml';
import { lokiGroups, prometheusGroups, type RuleOptions } from './all.ts';
import type { AlertRule, RuleGroup } from './alert.ts';

/** Where whoever is told finds the pages and the boards. */
export interface Addresses {
  /** Pages of alerts are below it. */
  readonly runbooks: string;
  readonly grafana: string;
}

/** An installation of its own changes these and generates the rules anew. */
const ADDRESSES: Addresses = {
  runbooks: 'https://github.com/unmogrowp/unmogrowp/blob/main/runbooks',
  grafana: 'http://127.0.0.1:3000',
};

/** Grafana looks for a board by these names. */
const BOARD_ANNOTATION = '__dashboardUid__';
const PANEL_ANNOTATION = '__panelId__';
const HEAD = ' Generated from alerts/: npm run generate\n';

/** The rules of Prometheus as a file. */
export const prometheusRules = (options: RuleOptions): string => ruleFile(prometheusGroups(options));

/** The rules of Loki's ruler as a file. */
export const lokiRules = (options: RuleOptions): string => ruleFile(lokiGroups(options));

/** Groups of rules as Prometheus and Loki read them. */
export function ruleFile(groups: readonly RuleGroup[]): string {
  return yamlText({ groups: groups.map(groupOf) });
}

/** As all generated files of this folder look. */
export const yamlText = (content: unknown): string => `#${HEAD}${stringify(content, { lineWidth: 0 })}`;

const groupOf = ({ name, intervalSeconds, records = [], alerts = [] }: RuleGroup) => ({
  name,
  ...(intervalSeconds === undefined ? {} : { interval: duration(intervalSeconds) }),
  rules: [...records, ...alerts.map(alertOf)],
});

const alertOf = (rule: AlertRule) => ({
  alert: rule.name,
  expr: rule.expr,
  ...(rule.forSeconds === 0 ? {} : { for: duration(rule.forSeconds) }),
  ...(rule.keepFiringSeconds === undefined ? {} : { keep_firing_for: duration(rule.keepFiringSeconds) }),
  labels: { severity: rule.severity, ...rule.labels },
  annotations: annotationsOf(rule),
});

/** What is told beside the labels. */
export function annotationsOf({ name, summary, description, panel }: AlertRule): Record<string, string> {
  const { uid, id, path } = panel;
  return {
    summary,
    description,
    runbook_url: `${ADDRESSES.runbooks}/${name}.md`,
    dashboard_url: `${ADDRESSES.grafana}/d/${uid}`,
    panel_url: `${ADDRESSES.grafana}${path}`,
    [BOARD_ANNOTATION]: uid,
    [PANEL_ANNOTATION]: String(id),
  };
}

/** Milliseconds where they are needed: Prometheus knows no fractions. */
const duration = (seconds: number): string =>
  Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1_000)}ms`;
