import type { Message, MessagePart } from '../../incidents/channels/port.ts';
import type { Notice } from '../../incidents/types.ts';

export const INCIDENT = '019a1f4e-8c00-7abc-8def-0123456789ab';
/** When this id was made. */
export const OPENED_AT_MS = 0x019a1f4e8c00;

export const LINKS = {
  acknowledge: 'https://ours.example/links/one.1',
  snooze: 'https://ours.example/links/two.2',
  resolve: 'https://ours.example/links/three.3',
};

/** A page about one incident, unless `more` says otherwise. */
export function notice(more: Partial<Notice> = {}): Notice {
  const incidentId = more.incidentId ?? INCIDENT;
  return {
    deliveryKey: `${incidentId}/0/0/0/person:ada/mail`,
    kind: 'page',
    incidentId,
    workflowId: 'incident/acme/0123456789abcdef',
    tenant: 'acme',
    urgency: 'high',
    severity: 'critical',
    title: 'The sink stands still',
    text: 'Lag of 12,000 rows since 03:14.',
    createdAtMs: OPENED_AT_MS + 60_000,
    ...more,
  };
}

export const part = (more: Partial<Notice> = {}, links: MessagePart['links'] = LINKS): MessagePart => ({
  notice: notice(more),
  coveredKeys: [],
  links,
});

export const message = (...parts: MessagePart[]): Message => ({
  deliveryKey: parts[0]?.notice.deliveryKey ?? '',
  parts,
});

/** A message about so many incidents. */
export function bundle(count: number): Message {
  return message(
    ...Array.from({ length: count }, (_, index) =>
      part({
        incidentId: `019a1f4e-8c00-7abc-8def-${String(index).padStart(12, '0')}`,
        deliveryKey: `incident-${index}/0/0/0/person:ada/mail`,
        title: `Alert number ${index}`,
      }),
    ),
  );
}
