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
  exemplarsStored: external({
    source,
    name: 'prometheus_tsdb_exemplar_exemplars_appended_total',
    kind: 'counter',
    help: 'Exemplars that were stored.',
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
  notificationsSent: external({
    source,
    name: 'prometheus_notifications_sent_total',
    kind: 'counter',
    help: 'Alerts that were sent to an Alertmanager.',
    labels: { alertmanager: bounded('Alertmanagers') },
  }),
  notificationsDropped: external({
    source,
    name: 'prometheus_notifications_dropped_total',
    kind: 'counter',
    help: 'Alerts that no Alertmanager took.',
  }),
} as const;
