import type { WindowClient } from '../activities/client.ts';
import { listRunningWindows } from '../activities/client.ts';
import { listWindows } from '../activities/window-list-queries.ts';
import { toIso } from '../activities/window-range.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { WINDOW_STATES } from '../otel/registry/windows.ts';
import type { Tenant } from '../postgres/tenants.ts';

export interface WindowFilter {
  tenantId: string | undefined;
  state: string | undefined;
  fromMs: number;
  toMs: number;
  limit: number;
}

/** One window as `unmogrowp windows list` shows it: its workflow's state and what is published of it. */
export interface WindowLine {
  tenant_id: string;
  window_start: string;
  state: string;
  version: number;
  reason: string | null;
  conversions: number;
  conversions_attributed: number;
  conversions_organic: number;
  values: { currency: string; value: string }[];
  published_at: string | null;
  late_rows: number;
  late_beyond_horizon: number;
  trace_id: string | null;
}

/** Temporal lists in an order of its own: every window of the time that is shown is asked for, or its state would lack. */
const READ_MAX = 10_000;

/** Where a window can stand for whoever lists windows: with a workflow, or without one. */
export const LISTED_STATES = [...WINDOW_STATES, 'frozen', 'unattended'] as const;

/** Windows from the state of record, merged with the ones that workflows look after; the newest first. */
export async function readWindowLines(
  parts: { clickhouse: ClickHouse; client: WindowClient; tenants: readonly Tenant[] },
  filter: WindowFilter,
): Promise<WindowLine[]> {
  const { tenantId, state, fromMs, toMs, limit } = filter;
  const readMax = state === undefined ? limit : READ_MAX;
  const computed = await listWindows(parts.clickhouse, { tenantId: tenantId ?? '', fromMs, toMs, limit: readMax });
  const running = await listRunningWindows(parts.client, {
    tenantId,
    state,
    fromMs: computed.length < readMax ? fromMs : Math.min(...computed.map(({ windowStartMs }) => windowStartMs)),
    toMs,
    limit: READ_MAX,
  });
  const key = (window: { tenantId: string; windowStartMs: number }): string =>
    `${window.windowStartMs}/${window.tenantId}`;
  const states = new Map(running.map((window) => [key(window), window.state]));
  const horizons = new Map(
    parts.tenants.map(({ tenant_id, settings }) => [tenant_id, settings.late_horizon_seconds * 1_000]),
  );
  const lines = new Map(
    computed.map((window): [string, WindowLine] => [
      key(window),
      {
        tenant_id: window.tenantId,
        window_start: toIso(window.windowStartMs),
        state: states.get(key(window)) ?? stateWithoutWorkflow(window, horizons.get(window.tenantId) ?? 0),
        version: window.version,
        reason: window.version === 0 ? null : window.reason,
        conversions: window.conversions,
        conversions_attributed: window.conversionsAttributed,
        conversions_organic: window.conversionsOrganic,
        values: window.values.map(([currency, value]) => ({ currency, value })),
        published_at: window.version === 0 ? null : new Date(window.publishedAtMs).toISOString(),
        late_rows: window.lateRows,
        late_beyond_horizon: window.lateBeyondHorizon,
        trace_id: window.version === 0 ? null : window.traceId,
      },
    ]),
  );
  for (const window of running) {
    if (!lines.has(key(window))) lines.set(key(window), uncomputed(window));
  }
  return [...lines.values()]
    .filter((line) => state === undefined || line.state === state)
    .sort((left, right) => compare(right.window_start, left.window_start) || compare(left.tenant_id, right.tenant_id))
    .slice(0, limit);
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** A window inside its horizon whose workflow is gone is found and taken up again when data for it comes. */
function stateWithoutWorkflow(
  window: { version: number; firstPublishedAtMs: number; runState: string },
  horizonMs: number,
): string {
  if (window.version === 0) return window.runState === 'inconsistent' ? 'inconsistent' : 'unattended';
  return window.firstPublishedAtMs + horizonMs <= Date.now() ? 'frozen' : 'unattended';
}

function uncomputed(window: { tenantId: string; windowStartMs: number; state: string }): WindowLine {
  return {
    tenant_id: window.tenantId,
    window_start: toIso(window.windowStartMs),
    state: window.state,
    version: 0,
    reason: null,
    conversions: 0,
    conversions_attributed: 0,
    conversions_organic: 0,
    values: [],
    published_at: null,
    late_rows: 0,
    late_beyond_horizon: 0,
    trace_id: null,
  };
}
