import { randomUUID } from 'node:crypto';
import { type PostgresQueryable, queryRows } from './pool.ts';

/** A range of event time that a running import fills: its windows wait for the release or the expiry. */
export interface ImportLease {
  lease_id: string;
  tenant_id: string;
  range_start: Date;
  range_end: Date;
  expires_at: Date;
}

export interface LeaseRequest {
  tenantId: string;
  rangeStart: Date;
  rangeEnd: Date;
  durationMs: number;
}

/** Takes a lease on a range; leases may overlap, each holds its range by itself. */
export async function takeLease(connection: PostgresQueryable, request: LeaseRequest): Promise<ImportLease> {
  await queryRows(connection, 'DELETE FROM import_leases WHERE expires_at < now()');
  const rows = await queryRows<ImportLease>(
    connection,
    `INSERT INTO import_leases (lease_id, tenant_id, range_start, range_end, expires_at)
     VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
     RETURNING lease_id, tenant_id, range_start, range_end, expires_at`,
    [randomUUID(), request.tenantId, request.rangeStart, request.rangeEnd, request.durationMs / 1_000],
  );
  return rows[0] as ImportLease;
}

/** Prolongs a lease from now on. False when it has expired and was removed: the import has to take a new one. */
export async function extendLease(
  connection: PostgresQueryable,
  leaseId: string,
  durationMs: number,
): Promise<boolean> {
  const rows = await queryRows(
    connection,
    'UPDATE import_leases SET expires_at = now() + make_interval(secs => $2) WHERE lease_id = $1 RETURNING 1',
    [leaseId, durationMs / 1_000],
  );
  return rows.length > 0;
}

/** Ends a lease; ending one that is gone is fine. */
export async function releaseLease(connection: PostgresQueryable, leaseId: string): Promise<void> {
  await queryRows(connection, 'DELETE FROM import_leases WHERE lease_id = $1', [leaseId]);
}

/** The leases of a tenant that have not expired at `now`. */
export async function activeLeases(connection: PostgresQueryable, tenantId: string, now: Date): Promise<ImportLease[]> {
  return queryRows<ImportLease>(
    connection,
    `SELECT lease_id, tenant_id, range_start, range_end, expires_at FROM import_leases
     WHERE tenant_id = $1 AND expires_at > $2 ORDER BY range_start, lease_id`,
    [tenantId, now],
  );
}
