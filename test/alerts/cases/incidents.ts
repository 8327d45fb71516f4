import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import { INCIDENTS_METRICS } from '../../../otel/registry/incidents.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { nobodyAnswered, notices, emptyShifts } = INCIDENTS_METRICS;
const process = { job: 'incidents', instance: 'incidents-1' };
const direct = { route: 'direct' };
const up = (instance: string): string => input(PROMETHEUS.up.name, { job: 'incidents', instance });
const ofChannel = (channel: string, outcome: string): string => input(notices.name, { ...process, channel, outcome });

/** Whether whoever has to know is told. */
export const INCIDENTS_CASES: readonly AlertCase[] = [
  {
    name: 'IncidentsUnavailable',
    summary: 'The process that tells people of alerts is away: nobody is paged by it.',
    // One of two is enough.
    quiet: { [up('incidents-1')]: '1x10 0x1500', [up('incidents-2')]: always(1) },
    // One does not answer, and Prometheus does not know the other one any more.
    firing: { [up('incidents-1')]: '1x10 0x1500', [up('incidents-2')]: '1x10 _x1500' },
    at: '20m',
    told: [
      {
        labels: { severity: 'critical', ...direct },
        description: 'No process of incidents has answered Prometheus for 2 minutes; open incidents wait in Temporal.',
      },
    ],
  },
  {
    name: 'IncidentNobodyAnswered',
    summary: 'An incident went through its whole ladder, and nobody answered.',
    // One that was long ago.
    quiet: { [input(nobodyAnswered.name, process)]: always(3) },
    firing: { [input(nobodyAnswered.name, process)]: '0x20 1x1500' },
    at: '25m',
    told: [
      {
        labels: { severity: 'critical', ...direct },
        description: '1 ladders of incidents have ended without an answer in the last 15 minutes.',
      },
    ],
  },
  {
    name: 'IncidentNoticesFailing',
    summary: 'Notices of incidents do not reach people by one kind of channel.',
    quiet: {
      // A few among many.
      [ofChannel('slack', 'sent')]: growing(10),
      [ofChannel('slack', 'failed')]: growing(1),
      // All of very few.
      [ofChannel('email', 'sent')]: always(0),
      [ofChannel('email', 'failed')]: '0x20 1x1500',
    },
    firing: {
      [ofChannel('slack', 'sent')]: growing(10),
      [ofChannel('slack', 'failed')]: always(0),
      [ofChannel('email', 'sent')]: always(0),
      [ofChannel('email', 'failed')]: growing(1),
    },
    at: '30m',
    told: [
      {
        labels: { severity: 'warning', ...direct, channel: 'email' },
        description: '100% of the notices by email have failed in the last 15 minutes.',
      },
    ],
  },
  {
    name: 'IncidentShiftEmpty',
    summary: 'An incident was to tell a schedule in which nobody is on call.',
    quiet: { [input(emptyShifts.name, process)]: always(2) },
    firing: { [input(emptyShifts.name, process)]: growing(1) },
    at: '65m',
    told: [
      {
        labels: { severity: 'warning' },
        description: '60 steps of the last hour found nobody on call; the next steps were taken at once.',
      },
    ],
  },
];
