import { bounded, external } from '../declare.ts';

const source = 'alertmanager';
const integration = bounded('kinds of receivers');

/** What Alertmanager says about itself. */
export const ALERTMANAGER = {
  alerts: external({
    source,
    name: 'alertmanager_alerts',
    kind: 'gauge',
    help: 'Alerts that it knows.',
    labels: { state: ['active', 'suppressed', 'unprocessed'] },
  }),
  alertsReceived: external({
    source,
    name: 'alertmanager_alerts_received_total',
    kind: 'counter',
    help: 'Alerts that came in.',
    labels: { status: ['firing', 'resolved'] },
  }),
  notifications: external({
    source,
    name: 'alertmanager_notifications_total',
    kind: 'counter',
    help: 'Attempts to tell a receiver.',
    labels: { integration },
  }),
  notificationsFailed: external({
    source,
    name: 'alertmanager_notifications_failed_total',
    kind: 'counter',
    help: 'Attempts to tell a receiver that failed.',
    labels: { integration },
  }),
  silences: external({
    source,
    name: 'alertmanager_silences',
    kind: 'gauge',
    help: 'Silences by their state.',
    labels: { state: ['active', 'pending', 'expired'] },
  }),
} as const;
