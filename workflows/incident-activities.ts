import { proxyActivities } from '@temporalio/workflow';
import type { IncidentActivities } from '../activities/incidents/contract.ts';

const RETRY = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

/** Somebody waits to be told: before everything that is only written down. */
const URGENT = { priorityKey: 1 } as const;
const BESIDE = { priorityKey: 4 } as const;

/** The ladder goes on without an answer sooner than a database comes back. */
export const { findMaintenance } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '15 seconds',
  retry: { initialInterval: '500 milliseconds', maximumAttempts: 2 },
  priority: URGENT,
});

export const { resolveTargets } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: RETRY,
  priority: URGENT,
});

/** A page waits so long for what belongs on it and no longer, also when whoever gathered it has died. */
export const { gatherPage } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '20 seconds',
  retry: { maximumAttempts: 1 },
  priority: { priorityKey: 2 },
});

/** What has not been handed over after this is told to somebody else. */
export const { tellContact } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '5 minutes',
  retry: RETRY,
  priority: URGENT,
});

export const { signalIncident } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: RETRY,
  priority: URGENT,
});

/** Given up after hours only so that the next attempt takes what was added meanwhile. */
export const { recordEntries } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '6 hours',
  retry: { ...RETRY, maximumInterval: '5 minutes' },
  priority: BESIDE,
});
