import { type Tenant, loadTenants } from '../postgres/tenants.ts';
import { type StoredTouchedWindow, countTouched, forgetTouched, listTouched } from '../postgres/touched-windows.ts';
import { type Asked, askWindows, countAsked } from './ask-windows.ts';
import type { ReconcileActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';

/**
 * Tells a page of the windows for which something was found, and forgets them then. What happens in between is done again:
 * a window that hears twice of the same rows finds that it has seen them.
 */
export function createTellTouchedWindows(
  dependencies: ActivityDependencies,
): ReconcileActivities['tellTouchedWindows'] {
  const { postgres, metrics } = dependencies;
  return function tellTouchedWindows({ after, windowsMax }) {
    return withHeartbeat(undefined, async () => {
      const begin = after === null ? null : { tenantId: after.tenantId, windowStart: new Date(after.windowStartMs) };
      const page = await listTouched(postgres, { after: begin, windowsMax });
      const asked = page.length === 0 ? [] : await tellPage(dependencies, await loadTenants(postgres), page);
      const last = page.length < windowsMax ? undefined : page.at(-1);
      if (last === undefined) metrics.touchedWindows.set(await countTouched(postgres));
      return {
        ...countAsked(asked),
        next: last === undefined ? null : { tenantId: last.tenant_id, windowStartMs: last.window_start.getTime() },
      };
    });
  };
}

async function tellPage(
  dependencies: ActivityDependencies,
  tenants: readonly Tenant[],
  page: readonly StoredTouchedWindow[],
): Promise<Asked[]> {
  const results: Asked[] = [];
  for (const tenant of tenants) {
    const mine = page.filter(({ tenant_id: tenantId }) => tenantId === tenant.tenant_id);
    if (mine.length === 0) continue;
    const asked = await askWindows(
      dependencies,
      tenant,
      mine.map(({ window_start: start, arrivals }) => ({ windowStartMs: start.getTime(), arrivals })),
    );
    await forgetTouched(
      dependencies.postgres,
      mine.filter((_, index) => asked[index] !== 'held'),
    );
    results.push(...asked);
  }
  return results;
}
