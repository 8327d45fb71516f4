import { bounded, external } from '../declare.ts';

const source = 'prometheus';

/** What Prometheus knows about its targets, its rules and itself. */
export const PROMETHEUS = {
  up: external({ source, name: 'up', kind: 'gauge', help: 'Whether the last scrape of a target worked: 1 or 0.' }),
  scrapeDuration: external({
    source,
    name: 'scrape_duration_seconds',
    kind: 'gauge',
    help: 'How long the last scrape of a target took.',
  }),
  samplesScraped: external({
    source,
    name: 'scrape_samples_scraped',
    kind: 'gauge',
    help: 'Series that the last scrape of a target brought.',
  }),
  alerts: external({
    source,
    name: 'ALERTS',
    kind: 'gauge',
    help: 'Always 1, for each alert that waits or fires.',
    labels: {
      alertname: bounded('alert rules'),
      alertstate: ['pending', 'firing'],
      severity: ['critical', 'warning', 'info', 'none'],
    },
  }),
  seriesActive: external({
    source,
    name: 'prometheus_tsdb_head_series',
    kind: 'gauge',
    help: 'Series in memory.',
  }),
  samplesStored: external({
    source,
    name: 'prometheus_tsdb_head_samples_appended_total',
    kind: 'counter',
    help: 'Samples that were stored.',
    labels: { type: ['float', 'histogram'] },
  }),
  exemplarsStored: external({
    source,
    name: 'prometheus_tsdb_exemplar_exemplars_appended_total',
    kind: 'counter',
    help: 'Exemplars that were stored.',
  }),
  exemplarsInStore: external({
    source,
    name: 'prometheus_tsdb_exemplar_exemplars_in_storage',
    kind: 'gauge',
    help: 'Exemplars that can be asked for; the oldest make room for new ones.',
  }),
  exemplarsOutOfOrder: external({
    source,
    name: 'prometheus_tsdb_exemplar_out_of_order_exemplars_total',
    kind: 'counter',
    help: 'Exemplars that came too late to be stored.',
  }),
  ruleEvaluations: external({
    source,
    name: 'prometheus_rule_evaluations_total',
    kind: 'counter',
    help: 'Evaluations of rules.',
    labels: { rule_group: bounded('groups of rules') },
  }),
  ruleFailures: external({
    source,
    name: 'prometheus_rule_evaluation_failures_total',
    kind: 'counter',
    help: 'Evaluations of rules that failed.',
    labels: { rule_group: bounded('groups of rules') },
  }),
  ruleGroupDuration: external({
    source,
    name: 'prometheus_rule_group_last_duration_seconds',
    kind: 'gauge',
    help: 'How long the last evaluation of a group of rules took.',
    labels: { rule_group: bounded('groups of rules') },
  }),
  notificationsSent: external({
    source,
    name: 'prometheus_notifications_sent_total',
    kind: 'counter',
    help: 'Alerts that were sent to an Alertmanager.',
    labels: { alertmanager: bounded('Alertmanagers') },
  }),
  notificationsFailed: external({
    source,
    name: 'prometheus_notifications_errors_total',
    kind: 'counter',
    help: 'Alerts that an Alertmanager did not take.',
    labels: { alertmanager: bounded('Alertmanagers') },
  }),
  notificationsDropped: external({
    source,
    name: 'prometheus_notifications_dropped_total',
    kind: 'counter',
    help: 'Alerts that no Alertmanager took.',
  }),
} as const;
