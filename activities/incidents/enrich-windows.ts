import type { ReplayRange } from '../../incidents/page/replay-commands.ts';
import type { PageRequest, PageWindow } from '../../incidents/page/types.ts';
import { GRANULARITIES, GRANULARITY_SECONDS } from '../../events/settings.ts';
import { THRESHOLDS } from '../../otel/objectives.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { loadSettings } from '../../postgres/settings.ts';
import { type WindowClient, listRunningWindows, toTemporalError } from '../client.ts';
import { type AlertData, dataOf } from './alert-data.ts';

/** A fault that takes more windows than this is not mended window by window. */
const WINDOWS_READ_MAX = 500;
const DAY_MS = 86_400_000;

/** What the alerts of an incident say about numbers; those that are about none are left out. */
export const dataOfAlerts = ({ alerts }: Pick<PageRequest, 'alerts'>): AlertData[] =>
  [...new Set(alerts.map(({ labels }) => labels['alertname'] ?? ''))].flatMap((name) => dataOf(name) ?? []);

/**
 * Makes what finds the windows that an incident is about, by where their workflows stand, the oldest first. Only Temporal is
 * asked, for so long at most: its client would go on trying when nobody waits any more. Throws `temporal_unavailable`.
 */
export function createFindAffectedWindows({ client, timeoutMs }: { client: WindowClient; timeoutMs: number }) {
  return function findAffectedWindows(request: PageRequest, nowMs: number): Promise<PageWindow[]> {
    return client.temporal.withDeadline(Date.now() + timeoutMs, () => findNow(client, request, nowMs));
  };
}

async function findNow(client: WindowClient, request: PageRequest, nowMs: number): Promise<PageWindow[]> {
  const data = dataOfAlerts(request);
  const states = new Set(data.flatMap((each) => each.states));
  const isOverdueOnly = data.every((each) => each.isOverdueOnly === true);
  const found: PageWindow[] = [];
  for (const state of states) {
    const running = await listRunningWindows(client, {
      tenantId: request.tenant === 'platform' ? undefined : request.tenant,
      state,
      fromMs: 0,
      toMs: nowMs,
      limit: WINDOWS_READ_MAX - found.length,
    }).catch((thrown: unknown) => {
      throw toTemporalError(thrown);
    });
    found.push(...running.map(windowOf));
    if (found.length >= WINDOWS_READ_MAX) break;
  }
  return found
    .filter(({ windowEndMs }) => !isOverdueOnly || windowEndMs <= nowMs - THRESHOLDS.windowOverdueSecondsMax * 1_000)
    .toSorted((left, right) => left.windowStartMs - right.windowStartMs || compare(left.tenant, right.tenant));
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function windowOf(running: Awaited<ReturnType<typeof listRunningWindows>>[number]): PageWindow {
  const { workflowId, tenantId: tenant, windowStartMs, state } = running;
  return { tenant, windowStartMs, windowEndMs: windowStartMs + lengthMsOf(workflowId), state };
}

/** The id of its workflow ends with the length of a window. */
function lengthMsOf(workflowId: string): number {
  const granularity = GRANULARITIES.find((each) => workflowId.endsWith(`/${each}`)) ?? '1d';
  return GRANULARITY_SECONDS[granularity] * 1_000;
}

/** The time of the windows that are known to be wrong. */
export const rangesOf = (windows: readonly PageWindow[]): ReplayRange[] =>
  windows.map(({ tenant, windowStartMs, windowEndMs }) => ({ tenant, fromMs: windowStartMs, toMs: windowEndMs }));

/** Makes what finds the time of all windows since an alert began, by the length of the windows of its tenant. */
export function createFindRangeSinceAlert(options: { postgres: PostgresPool; onError: (thrown: unknown) => void }) {
  return async function findRangeSinceAlert(request: PageRequest, nowMs: number): Promise<ReplayRange[]> {
    const tenant = request.tenant === 'platform' ? '' : request.tenant;
    const lengthMs = tenant === '' ? DAY_MS : await windowLengthMs(options, tenant);
    const firing = request.alerts.map(({ startsAtMs }) => startsAtMs);
    const sinceMs = Math.min(request.openedAtMs, ...firing);
    const fromMs = Math.floor(sinceMs / lengthMs) * lengthMs;
    return [{ tenant, fromMs, toMs: (Math.floor(nowMs / lengthMs) + 1) * lengthMs }];
  };
}

/** Days fit windows of both lengths: where nobody knows the settings. */
async function windowLengthMs(
  { postgres, onError }: { postgres: PostgresPool; onError: (thrown: unknown) => void },
  tenant: string,
): Promise<number> {
  try {
    const { settings } = await loadSettings(postgres, tenant);
    return GRANULARITY_SECONDS[settings.granularity] * 1_000;
  } catch (thrown) {
    onError(thrown);
    return DAY_MS;
  }
}
