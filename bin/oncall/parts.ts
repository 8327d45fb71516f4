import { parseEnv } from '../../env.ts';
import { UnmogrowpError } from '../../errors.ts';
import type { Schedule } from '../../incidents/oncall/schema.ts';
import { openPolicy } from '../../incidents/policy/load.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import { type StoredOverride, overridesBetween } from '../../postgres/oncall-overrides.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { printProgress } from '../output.ts';

/** The policy file that is used. Throws `incident_policy_invalid`. */
export const loadPolicy = (): PolicyDocument =>
  openPolicy({
    file: parseEnv(process.env).INCIDENT_POLICY_FILE,
    environment: process.env,
    nowMs: Date.now,
  }).current().document;

/** The schedule of that name, or all of them without one. Throws `oncall_invalid`. */
export function schedulesOf({ schedules }: PolicyDocument, id: string | undefined): Schedule[] {
  if (schedules.length === 0) {
    throw new UnmogrowpError(
      'oncall_invalid',
      'The incident policy has no schedules: INCIDENT_POLICY_FILE names the file to write them in.',
    );
  }
  const found = schedules.filter((schedule) => id === undefined || schedule.id === id);
  if (found.length > 0) return found;
  const known = schedules.map((schedule) => schedule.id).join(', ');
  throw new UnmogrowpError('oncall_invalid', `The incident policy has no schedule ${id}. There are: ${known}`);
}

/** The one schedule of that name. */
export function scheduleOf(policy: PolicyDocument, id: string): Schedule {
  const [schedule] = schedulesOf(policy, id);
  if (schedule === undefined) throw new UnmogrowpError('bug', 'schedulesOf gave nothing');
  return schedule;
}

/** Runs one piece of work on PostgreSQL and closes the connection. */
export async function withPool<Result>(work: (pool: PostgresPool) => Promise<Result>): Promise<Result> {
  const pool = createPostgresPool({
    url: parseEnv(process.env).POSTGRES_URL,
    applicationName: 'unmogrowp oncall',
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

/**
 * The overrides of a range. While PostgreSQL is away none are known, and the person who asks is told: who is on call by
 * the policy alone is more than nothing.
 */
export async function overridesIfKnown(range: {
  fromMs: number;
  toMs: number;
}): Promise<{ overrides: StoredOverride[]; areKnown: boolean }> {
  try {
    return { overrides: await withPool((pool) => overridesBetween(pool, range)), areKnown: true };
  } catch (error) {
    if (!(error instanceof UnmogrowpError) || error.code !== 'postgres_unavailable') throw error;
    printProgress('Overrides are unknown, for PostgreSQL does not answer: this is what the policy alone says.');
    return { overrides: [], areKnown: false };
  }
}
