import { INGEST_METRICS } from '../../../otel/registry/ingest.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { requestDuration, tenantEvents, spoolAge, spoolBytes, spoolBytesMax, eventAges } = INGEST_METRICS;
const at = { instance: 'ingest-1', job: 'ingest' };
const warning = { severity: 'warning' };
const requests = input(`${requestDuration.name}_count`, { ...at, status: '202' });
const ofTenant = (outcome: string): string => input(tenantEvents.name, { ...at, tenant: 'acme', outcome });
const ages = (age: string): string => input(eventAges.name, { ...at, age });

/** Ingest. */
export const INGEST_CASES: readonly AlertCase[] = [
  {
    name: 'IngestSilent',
    summary: 'No client sends events any more.',
    // Nine requests in six hours are an ordinary night.
    quiet: { [requests]: `0+1x9 9x1500` },
    firing: { [requests]: `0+60x60 3600x1500` },
    at: '85m',
    told: [
      {
        labels: warning,
        description: 'Ingest has had no request with events for 15 minutes, and plenty in the six hours before.',
      },
    ],
  },
  {
    name: 'IngestSpoolInUse',
    summary: 'Accepted events wait on the spool, because Kafka does not take them.',
    quiet: { [input(spoolAge.name, at)]: '0x10 60 90 0x1500' },
    firing: { [input(spoolAge.name, at)]: '0x10 60+60x1500' },
    at: '14m',
    told: [
      {
        labels: { ...warning, ...at },
        description: 'The oldest record on the spool of ingest-1 has waited for 4m 0s.',
      },
    ],
  },
  {
    name: 'IngestSpoolNearlyFull',
    summary: 'The spool is nearly full: ingest will refuse events with 503.',
    // Without a spool there is none that could be full.
    quiet: {
      [input(spoolBytes.name, at)]: always(0),
      [input(spoolBytesMax.name, at)]: always(0),
      [input(spoolBytes.name, { ...at, instance: 'ingest-2' })]: always(500),
      [input(spoolBytesMax.name, { ...at, instance: 'ingest-2' })]: always(1_000),
    },
    firing: { [input(spoolBytes.name, at)]: always(900), [input(spoolBytesMax.name, at)]: always(1_000) },
    at: '5m',
    told: [{ labels: { severity: 'critical', ...at }, description: 'The spool of ingest-1 is 90% full.' }],
  },
  {
    name: 'IngestTenantOverQuota',
    summary: 'A tenant sends more than its limit, and is refused with 429.',
    quiet: { [ofTenant('accepted')]: growing(990), [ofTenant('rate_limited')]: growing(10) },
    firing: { [ofTenant('accepted')]: growing(750), [ofTenant('rate_limited')]: growing(250) },
    at: '30m',
    told: [
      {
        labels: { ...warning, tenant: 'acme' },
        description: '25% of the events of acme in the last 10 minutes were over its limit.',
      },
    ],
  },
  {
    name: 'IngestClientClockSkew',
    summary: 'Clients with wrong clocks send events from the future.',
    quiet: { [ages('within_hour')]: growing(1_000), [ages('ahead')]: growing(1) },
    firing: { [ages('within_hour')]: growing(900), [ages('ahead')]: growing(100) },
    at: '30m',
    told: [
      {
        labels: warning,
        description:
          '10% of the events of the last 15 minutes say that they happen more than a minute after they were received.',
      },
    ],
  },
  {
    name: 'IngestLateDataAboveProfile',
    summary: 'More events than usual come a day or more after they happened.',
    quiet: { [ages('within_hour')]: growing(970), [ages('within_week')]: growing(30) },
    firing: { [ages('within_hour')]: growing(500), [ages('within_week')]: growing(300), [ages('older')]: growing(200) },
    at: '2h',
    told: [
      {
        labels: warning,
        description:
          '50% of the events of the last hour are older than a day: windows will be reopened, and some events come too late for theirs.',
      },
    ],
  },
];
