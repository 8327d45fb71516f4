import { type PostgresQueryable, queryRows } from './pool.ts';

/** A loss that somebody bears. */
export interface AcceptedLoss {
  tenantId: string;
  hourMs: number;
  events: number;
  acceptedBy: string;
  reason: string;
}

/** Remembers that somebody bears the loss of so many events. */
export async function acceptLoss(connection: PostgresQueryable, loss: AcceptedLoss): Promise<void> {
  const { tenantId, hourMs, events, acceptedBy, reason } = loss;
  await queryRows(
    connection,
    'INSERT INTO accepted_losses (tenant_id, hour, events, accepted_by, reason) VALUES ($1, $2, $3, $4, $5)',
    [tenantId, new Date(hourMs), events, acceptedBy, reason],
  );
}

/** Of each hour of a tenant, or of all (empty), the acceptance that counts. */
export async function readAcceptedLosses(connection: PostgresQueryable, tenantId: string): Promise<AcceptedLoss[]> {
  return queryRows<AcceptedLoss>(
    connection,
    `SELECT DISTINCT ON (tenant_id, hour) tenant_id AS "tenantId", (extract(epoch FROM hour) * 1000)::float8 AS "hourMs",
       events::float8 AS events, accepted_by AS "acceptedBy", reason
     FROM accepted_losses
     WHERE $1 = '' OR tenant_id = $1
     ORDER BY tenant_id, hour, acceptance_id DESC`,
    [tenantId],
  );
}
