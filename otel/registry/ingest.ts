import { REJECTION_CODES, REQUEST_CODES } from '../../events/codes.ts';
import { bounded, counter, gauge, histogram } from './declare.ts';

/** How old an event was when it came in; `ahead` is more than a minute in the future: a clock that is wrong. */
export const EVENT_AGES = ['ahead', 'within_hour', 'within_day', 'within_week', 'older'] as const;

/** What the ingest process measures. */
export const INGEST_METRICS = {
  requestDuration: histogram({
    name: 'unmogrowp_ingest_request_duration_seconds',
    help: 'From the arrival of a request with events to its answer, by status; its count is the number of requests.',
    unit: 'seconds',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    labels: { status: ['202', '207', '400', '401', '408', '413', '415', '429', '503'] },
    exemplars: true,
  }),
  requestBytes: counter({
    name: 'unmogrowp_ingest_request_bytes_total',
    help: 'Bytes of request bodies, as they were sent.',
  }),
  refusedRequests: counter({
    name: 'unmogrowp_ingest_refused_requests_total',
    help: 'Requests of which no event was taken, by the code of the answer.',
    labels: { code: REQUEST_CODES },
    exemplars: true,
  }),
  acceptedEvents: counter({
    name: 'unmogrowp_ingest_accepted_events_total',
    help: 'Events that were answered as accepted, by where they were safe at that moment.',
    labels: { destination: ['kafka', 'spool'] },
    exemplars: true,
  }),
  rejectedEvents: counter({
    name: 'unmogrowp_ingest_rejected_events_total',
    help: 'Events that were refused one by one, by the code of the answer.',
    labels: { code: REJECTION_CODES },
    exemplars: true,
  }),
  eventAges: counter({
    name: 'unmogrowp_ingest_event_ages_total',
    help: 'Accepted events by how long before their receipt they happened; `ahead` is a minute or more after it.',
    labels: { age: EVENT_AGES },
  }),
  tenantEvents: counter({
    name: 'unmogrowp_ingest_tenant_events_total',
    help: 'Events of each tenant by what was answered; `rate_limited` are those beyond what it may send.',
    labels: { tenant: bounded('tenants that send to the process'), outcome: ['accepted', 'rejected', 'rate_limited'] },
  }),
  produceDuration: histogram({
    name: 'unmogrowp_ingest_produce_duration_seconds',
    help: 'How long all replicas of Kafka took for the records of one request or of one batch of the spool.',
    unit: 'seconds',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    labels: { source: ['request', 'spool'], outcome: ['stored', 'failed'] },
  }),
  spoolBytes: gauge({ name: 'unmogrowp_ingest_spool_bytes', help: 'Bytes on the spool.' }),
  spoolBytesMax: gauge({
    name: 'unmogrowp_ingest_spool_bytes_max',
    help: 'Size of the spool: beyond it ingest answers 503; 0 when it has none.',
  }),
  spoolRecords: gauge({ name: 'unmogrowp_ingest_spool_records', help: 'Records on the spool that wait for Kafka.' }),
  spoolAge: gauge({
    name: 'unmogrowp_ingest_spool_age_seconds',
    help: 'Age of the oldest record on the spool, 0 when there is none.',
  }),
} as const;
