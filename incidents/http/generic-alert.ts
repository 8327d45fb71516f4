import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SEVERITIES } from '../types.ts';
import { type AlertGroup, PLATFORM_TENANT, TENANT_ID, shortTitle } from './alert-group.ts';

/** What any other program sends that has something to say. */
export const genericAlertSchema = z
  .object({
    key: z.string().min(1).max(500).meta({ description: 'Names what is wrong: the same key is the same incident.' }),
    status: z.enum(['firing', 'resolved']),
    starts_at: z.iso.datetime({ offset: true }).meta({
      description:
        'When it began, the same when it is told again and when it is resolved: with the key and the status it is the ' +
        'identity of a message, so that sending it twice is once.',
    }),
    title: z.string().min(1).max(500).meta({ description: 'One line: what is wrong.' }),
    severity: z.enum(SEVERITIES).default('warning'),
    tenant: z
      .string()
      .regex(TENANT_ID)
      .default(PLATFORM_TENANT)
      .meta({ description: 'Whose it is; without one it is of the platform.' }),
    labels: z.record(z.string(), z.string()).default({}).meta({ description: 'By these a policy is chosen.' }),
    description: z.string().max(5_000).optional(),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'The page that shows why.' }),
  })
  .meta({ title: 'Alert' });

/** One alert of another source as a group of its own. `nowMs` is the end of one that is resolved. */
export function groupOfGenericAlert(alert: z.infer<typeof genericAlertSchema>, nowMs: number): AlertGroup {
  const { key, status, tenant, severity, description, url } = alert;
  const title = shortTitle(alert.title);
  const labels = { alertname: key, ...alert.labels, severity, ...(tenant === PLATFORM_TENANT ? {} : { tenant }) };
  const told = {
    fingerprint: createHash('sha256').update(key).digest('hex').slice(0, 16),
    status,
    startsAtMs: Date.parse(alert.starts_at),
    endsAtMs: status === 'resolved' ? nowMs : null,
    labels,
    annotations: { summary: title, ...(description === undefined ? {} : { description }) },
    ...(url === undefined ? {} : { generatorUrl: url }),
  };
  return { source: 'api', tenant, groupKey: `alert:${key}`, title, severity, labels, alerts: [told] };
}
