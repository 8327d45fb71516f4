import { createHash } from 'node:crypto';
import { cut, oneLine } from '../channels/words.ts';
import type { ToldAlert } from '../stored.ts';
import { type AlertReference, SEVERITIES, type Severity } from '../types.ts';

/** Alerts that are one incident, whatever source told them. */
export interface AlertGroup {
  readonly source: 'alertmanager' | 'api' | 'heartbeat';
  /** `platform` for what belongs to no tenant. */
  readonly tenant: string;
  /** The same for every message about the same incident. */
  readonly groupKey: string;
  /** One line: what is wrong. */
  readonly title: string;
  readonly severity: Severity;
  /** What all alerts of the group share: by these a policy is chosen. */
  readonly labels: Readonly<Record<string, string>>;
  readonly alerts: readonly ToldAlert[];
}

export const PLATFORM_TENANT = 'platform';

/** As postgres/tenants.ts has it. */
export const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const TITLE_LENGTH_MAX = 200;

/** Whose alerts these are; a label that cannot be a tenant names none. */
export function tenantOf(labels: Readonly<Record<string, string>>): string {
  const tenant = labels['tenant'] ?? '';
  return TENANT_ID.test(tenant) ? tenant : PLATFORM_TENANT;
}

/** The worst severity that is told; a source that tells none meant somebody to look, or it would not have sent it. */
export function worstSeverity(alerts: readonly ToldAlert[]): Severity {
  const told = new Set(alerts.map(({ labels }) => labels['severity']));
  return SEVERITIES.find((severity) => told.has(severity)) ?? 'warning';
}

/** One line that is short enough for the subject of a message. */
export const shortTitle = (text: string): string => cut(oneLine(text), TITLE_LENGTH_MAX);

/** The workflow of a group of alerts: the same for every message about it, and safe in an address. */
export function incidentWorkflowId(tenant: string, groupKey: string): string {
  return `incident/${tenant}/${createHash('sha256').update(groupKey).digest('hex').slice(0, 16)}`;
}

/** What a workflow needs of an alert. */
export const referenceOf = ({ fingerprint, status, startsAtMs }: ToldAlert): AlertReference => ({
  fingerprint,
  status,
  startsAtMs,
});
