import { bounded, external } from '../declare.ts';

const source = 'alertmanager';
const integration = bounded('kinds of receivers');

/** What Alertmanager says about itself. */
export const ALERTMANAGER = {
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
} as const;
