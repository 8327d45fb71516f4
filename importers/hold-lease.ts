import { extendLease, releaseLease, takeLease } from '../postgres/leases.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import type { TimeRange } from './time-range.ts';

/** A lease that is prolonged until it is released or left to expire. */
export interface HeldLease {
  /** Changes when the lease had expired and another one had to be taken. */
  readonly leaseId: string;
  /** Ends the lease: the windows of its range may close now. */
  release(): Promise<void>;
  /** Stops prolonging it: an import that is continued soon finds its windows still waiting. */
  leave(): Promise<void>;
}

export interface LeaseOptions {
  tenantId: string;
  range: TimeRange;
  durationMs: number;
  /** The lease of the import that is continued. */
  leaseId: string | null;
  /** Told when it could not be prolonged; it is tried again until it is released. */
  onProblem: (error: unknown) => void;
}

/** Attempts to prolong a lease before it expires. */
const ATTEMPTS = 4;

/** Takes a lease on the range, or goes on with the one of before, and prolongs it in time. */
export async function holdLease(pool: PostgresPool, options: LeaseOptions): Promise<HeldLease> {
  const { tenantId, range, durationMs } = options;
  const take = async () => {
    const [rangeStart, rangeEnd] = [new Date(range.start), new Date(range.end)];
    return (await takeLease(pool, { tenantId, rangeStart, rangeEnd, durationMs })).lease_id;
  };
  const isOurs = options.leaseId !== null && (await extendLease(pool, options.leaseId, durationMs));
  let leaseId = isOurs ? (options.leaseId as string) : await take();
  let prolonging: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    prolonging = prolonging
      .then(async () => {
        if (!(await extendLease(pool, leaseId, durationMs))) leaseId = await take();
      })
      .catch(options.onProblem);
  }, durationMs / ATTEMPTS);
  const leave = async () => {
    clearInterval(timer);
    await prolonging;
  };
  return {
    get leaseId() {
      return leaseId;
    },
    leave,
    release: async () => {
      await leave();
      await releaseLease(pool, leaseId);
    },
  };
}
