import type { EventRow } from './row.ts';
import { toDecimalSeconds } from './time.ts';

/**
 * The row as one line of row format 1 (see `ROW_COLUMNS`), without a line end. One call for the whole row, because a text
 * of many pieces costs more to put together than the escaping.
 */
export function encodeRow(row: EventRow): string {
  return JSON.stringify([
    row.tenant_id,
    row.app_id,
    row.user_key,
    toDecimalSeconds(row.occurred_at),
    row.event_id,
    row.event_type,
    row.name,
    row.channel,
    row.campaign,
    row.ad_group,
    row.creative,
    row.country,
    row.platform,
    row.revenue,
    row.currency,
    row.identifier_type,
    row.properties,
    toDecimalSeconds(row.received_at),
    row.trace_id,
  ]);
}
