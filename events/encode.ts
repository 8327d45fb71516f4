import type { EventRow } from './row.ts';
import { toDecimalSeconds } from './time.ts';

/** Anything but printable ASCII without quote and backslash. */
const NEEDS_ESCAPE = /[^ !#-[\]-~]/;

/**
 * The row as one line of row format 1 (see `ROW_COLUMNS`), without a line end. Most values need no escaping, and asking
 * first is cheaper than JSON.stringify.
 */
export function encodeRow(row: EventRow): string {
  return (
    `["${row.tenant_id}",${quote(row.app_id)},"${row.user_key}","${toDecimalSeconds(row.occurred_at)}",` +
    `"${row.event_id}","${row.event_type}",${quote(row.name)},${quote(row.channel)},${quote(row.campaign)},` +
    `${quote(row.ad_group)},${quote(row.creative)},"${row.country}",${quote(row.platform)},"${row.revenue}",` +
    `"${row.currency}","${row.identifier_type}",${row.properties === '{}' ? '"{}"' : JSON.stringify(row.properties)},` +
    `"${toDecimalSeconds(row.received_at)}","${row.trace_id}"]`
  );
}

function quote(text: string): string {
  if (text === '') return '""';
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
