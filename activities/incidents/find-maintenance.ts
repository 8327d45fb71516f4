import { maintenanceOf } from '../../incidents/maintenance.ts';
import { listMaintenanceWindows } from '../../postgres/maintenance-windows.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { IncidentActivities } from './contract.ts';

/** Looks for the maintenance window that holds for an incident. Throws `postgres_unavailable`: then nobody knows. */
export function createFindMaintenance({
  postgres,
}: {
  readonly postgres: PostgresPool;
}): IncidentActivities['findMaintenance'] {
  return async function findMaintenance({ tenant, severity, labels, atMs }) {
    const windows = await listMaintenanceWindows(postgres, { fromMs: atMs, toMs: atMs });
    const found = maintenanceOf(windows, { ...labels, severity, tenant }, atMs);
    return { maintenanceId: found?.maintenanceId ?? null, untilMs: found?.toMs ?? null };
  };
}
