import type { IncidentClient } from '../../activities/incidents/client.ts';
import type { Health } from '../../incidents/http/app.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import { withinTime } from '../../incidents/within-time.ts';
import { type PostgresPool, queryRows } from '../../postgres/pool.ts';

const ANSWER_MS_MAX = 1_000;

/** What the process says of itself: it is well when alerts would be taken, for which only Temporal is needed. */
export function createHealth(options: {
  client: () => IncidentClient;
  postgres: PostgresPool;
  policy: PolicySource;
  isWorking: () => boolean;
}): () => Promise<Health> {
  const { client, postgres, policy, isWorking } = options;
  return async function health() {
    const { version, isOutdated } = policy.current();
    const [temporal, hasPostgres] = await Promise.all([
      answers(async () => {
        const { connection } = client().temporal;
        await connection.withDeadline(Date.now() + ANSWER_MS_MAX, () => connection.workflowService.getSystemInfo({}));
      }),
      answers(() => queryRows(postgres, 'SELECT 1')),
    ]);
    const worker = isWorking();
    return {
      healthy: temporal && worker,
      temporal,
      worker,
      postgres: hasPostgres,
      policy: version,
      policy_is_outdated: isOutdated,
    };
  };
}

/** Whether somebody answers, and soon. */
async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  const asked = Promise.resolve()
    .then(ask)
    .then(
      () => true,
      () => false,
    );
  return (await withinTime(ANSWER_MS_MAX, asked)) ?? false;
}
