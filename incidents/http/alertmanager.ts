import { z } from 'zod';
import type { ToldAlert } from '../stored.ts';
import { type AlertGroup, shortTitle, tenantOf, worstSeverity } from './alert-group.ts';

const texts = z.record(z.string(), z.string());
const time = z.iso.datetime({ offset: true });

const alert = z
  .object({
    status: z.enum(['firing', 'resolved']),
    labels: texts,
    annotations: texts.default({}),
    startsAt: time,
    endsAt: time.optional().meta({ description: 'Year 1 while the alert fires.' }),
    generatorURL: z.string().default(''),
    fingerprint: z.string().min(1).max(64),
  })
  .meta({ title: 'AlertmanagerAlert' });

/** The body that Alertmanager's webhook receiver sends, in its version 4. Fields that are not named here are ignored. */
export const alertmanagerSchema = z
  .object({
    version: z.literal('4'),
    groupKey: z.string().min(1).meta({ description: 'Names the group: one incident.' }),
    status: z.enum(['firing', 'resolved']),
    receiver: z.string().optional(),
    groupLabels: texts.default({}),
    commonLabels: texts.default({}),
    commonAnnotations: texts.default({}),
    externalURL: z.string().optional(),
    truncatedAlerts: z.int().min(0).optional(),
    alerts: z.array(alert).min(1),
  })
  .meta({ title: 'AlertmanagerMessage' });

type Message = z.infer<typeof alertmanagerSchema>;

/** The group of alerts that a message of Alertmanager is about. */
export function groupOfAlertmanager(message: Message): AlertGroup {
  const alerts = message.alerts.map(toldAlert);
  return {
    source: 'alertmanager',
    tenant: tenantOf(message.commonLabels),
    groupKey: message.groupKey,
    title: titleOf(message),
    severity: worstSeverity(alerts),
    labels: { ...message.groupLabels, ...message.commonLabels },
    alerts,
  };
}

const toldAlert = (one: Message['alerts'][number]): ToldAlert => ({
  fingerprint: one.fingerprint,
  status: one.status,
  startsAtMs: Date.parse(one.startsAt),
  endsAtMs: one.status === 'resolved' && one.endsAt !== undefined ? Date.parse(one.endsAt) : null,
  labels: one.labels,
  annotations: one.annotations,
  generatorUrl: one.generatorURL,
});

function titleOf({ commonAnnotations, commonLabels, groupLabels, alerts }: Message): string {
  const first = alerts.find(({ status }) => status === 'firing') ?? alerts[0];
  const name = commonLabels['alertname'] ?? groupLabels['alertname'] ?? first?.labels['alertname'] ?? 'Alert';
  const summary = commonAnnotations['summary'] ?? first?.annotations['summary'];
  return shortTitle(summary === undefined ? name : `${name}: ${summary}`);
}
