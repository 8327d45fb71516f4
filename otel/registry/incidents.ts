import { CHANNEL_KINDS, INCIDENT_STATUSES, SEVERITIES, URGENCIES } from '../../incidents/types.ts';
import { counter, gauge, histogram } from './declare.ts';

/** From what a person feels as at once to a night in which nobody answered. */
const ANSWER_SECONDS = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200];

/** Statuses of incidents that have not ended. */
export const OPEN_STATUSES = INCIDENT_STATUSES.filter(
  (status): status is Exclude<(typeof INCIDENT_STATUSES)[number], 'resolved' | 'merged'> =>
    status !== 'resolved' && status !== 'merged',
);

/** What the process `incidents` measures. Whom it is about stands in no label. */
export const INCIDENTS_METRICS = {
  incidentsOpened: counter({
    name: 'unmogrowp_incident_opened_total',
    help: 'Incidents that were opened, by how urgent and how bad they are.',
    labels: { urgency: URGENCIES, severity: SEVERITIES },
  }),
  openIncidents: gauge({
    name: 'unmogrowp_incident_open',
    help: 'Incidents that have not ended, by where they stand.',
    labels: { status: OPEN_STATUSES },
  }),
  acknowledgeDuration: histogram({
    name: 'unmogrowp_incident_acknowledge_seconds',
    help: 'From the moment at which an incident was opened until somebody first said that they look at it.',
    unit: 'seconds',
    buckets: ANSWER_SECONDS,
  }),
  resolveDuration: histogram({
    name: 'unmogrowp_incident_resolve_seconds',
    help: 'From the moment at which an incident was opened until it was resolved, by its source, by a person or by itself.',
    unit: 'seconds',
    buckets: [...ANSWER_SECONDS, 86_400, 259_200],
  }),
  notices: counter({
    name: 'unmogrowp_incident_notices_total',
    help: 'Notices by the kind of channel that took or refused them; one that goes on to the next channel is failed here.',
    labels: { channel: CHANNEL_KINDS, outcome: ['sent', 'failed'] },
  }),
  noticeDelay: histogram({
    name: 'unmogrowp_incident_notice_delay_seconds',
    help: 'From the moment at which an incident wanted somebody told until a channel had taken the notice, waiting for others in the same message included.',
    unit: 'seconds',
    buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900],
  }),
  nobodyAnswered: counter({
    name: 'unmogrowp_incident_nobody_answered_total',
    help: 'Ladders of incidents that came to their end without an answer.',
  }),
  flaps: counter({
    name: 'unmogrowp_incident_flaps_total',
    help: 'Alerts that fired again while their incident waited whether they had ended.',
  }),
  pagesOutsideHours: counter({
    name: 'unmogrowp_incident_pages_outside_hours_total',
    help: 'Pages that reached a person outside of the support hours of the policy.',
  }),
  pagesPerPersonMax: gauge({
    name: 'unmogrowp_incident_pages_per_person_max',
    help: 'Pages of the last 24 hours that reached whoever got most of them; who that is stands in no metric.',
  }),
  emptyShifts: counter({
    name: 'unmogrowp_incident_empty_shifts_total',
    help: 'Steps that were to tell a schedule in which nobody was on call; the ladder went on at once.',
  }),
  timelineWaiting: gauge({
    name: 'unmogrowp_incident_timeline_waiting',
    help: 'Entries of timelines that this process could not write yet, because PostgreSQL is away.',
  }),
  heartbeatsMissed: counter({
    name: 'unmogrowp_incident_heartbeats_missed_total',
    help: 'Heartbeats that did not come in time, each of which opened an incident.',
  }),
} as const;
