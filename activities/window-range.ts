import { UnmogrowpError } from '../errors.ts';
import { GRANULARITY_SECONDS, type Granularity, type Settings } from '../events/settings.ts';
import { parseRfc3339 } from '../events/time.ts';
import type { ImportLease } from '../postgres/leases.ts';
import type { RunReason, WindowKey } from './contract.ts';

/** The window of a tenant that begins at this moment. Throws `window_invalid` when none begins there. */
export function windowAt(tenantId: string, granularity: Granularity, windowStartMs: number): WindowKey {
  const lengthMs = GRANULARITY_SECONDS[granularity] * 1_000;
  if (windowStartMs % lengthMs !== 0) {
    throw new UnmogrowpError(
      'window_invalid',
      `No window of ${tenantId} begins at ${new Date(windowStartMs).toISOString()}: its windows are ${granularity} long, in UTC.`,
    );
  }
  return { tenantId, windowStartMs, windowEndMs: windowStartMs + lengthMs, granularity };
}

/** The start of a window as a person writes it: `2026-01-05` or `2026-01-05T10:00:00Z`. */
export function parseWindowStart(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const isWithoutSeconds = /T\d\d:\d\dZ$/.test(text);
  const epochMs = parseRfc3339(isDate ? `${text}T00:00:00Z` : isWithoutSeconds ? text.replace(/Z$/, ':00Z') : text);
  if (epochMs === undefined) {
    throw new UnmogrowpError('window_invalid', `${text} is not a time. Write 2026-01-05 or 2026-01-05T10:00:00Z.`);
  }
  return epochMs;
}

/** Moments of windows as people read them: whole seconds of UTC. */
export const toIso = (epochMs: number): string => new Date(epochMs).toISOString().replace('.000Z', 'Z');

/** The workflow of a window has this id whoever starts it, so two computations of one window exclude each other. */
export function windowWorkflowId({ tenantId, windowStartMs, granularity }: WindowKey): string {
  return `window/${tenantId}/${toIso(windowStartMs)}/${granularity}`;
}

/** How long before a window events may lie that earn credit in it. */
export function lookbackMs(settings: Settings): number {
  return Math.max(settings.lookback_click_seconds, settings.lookback_impression_seconds) * 1_000;
}

/**
 * The lease that holds a run, if any: the one that ends last. A first close waits for imports into the window itself; a
 * reopen also for those into its lookback, or each batch of such an import would run the window once more.
 */
export function holdingLease(
  leases: readonly ImportLease[],
  run: { window: WindowKey; reason: RunReason; lookbackMs: number },
): ImportLease | undefined {
  const fromMs = run.window.windowStartMs - (run.reason === 'reopen' ? run.lookbackMs : 0);
  return leases
    .filter(
      ({ range_start, range_end }) => range_start.getTime() < run.window.windowEndMs && range_end.getTime() >= fromMs,
    )
    .sort((left, right) => right.expires_at.getTime() - left.expires_at.getTime())[0];
}
