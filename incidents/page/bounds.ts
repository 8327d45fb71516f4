import type { Page, Part } from './types.ts';

/** It goes through a workflow, and comes back with every decision of it. */
export const PAGE_BYTES_MAX = 16_384;

const sizeOf = (page: Page): number => new TextEncoder().encode(JSON.stringify(page)).length;

const kept = <Value>(part: Part<Value>, change: (value: Value) => Value): Part<Value> =>
  part.state === 'found' ? { ...part, value: change(part.value) } : part;

/** What is given up for the size, the least needed first. */
const CUTS: readonly ((page: Page) => Page)[] = [
  (page) => ({ ...page, logs: kept(page.logs, (logs) => ({ ...logs, top: logs.top.slice(0, 3) })) }),
  (page) => ({ ...page, changes: kept(page.changes, (changes) => changes.slice(0, 3)) }),
  (page) => ({ ...page, starts: kept(page.starts, (starts) => starts.slice(0, 3)) }),
  (page) => withAlerts(page, 2),
  (page) => withWindows(page, 3),
  (page) => withSteps(page, 1),
  (page) => ({ ...page, traces: kept(page.traces, (traces) => traces.slice(0, 1)) }),
  (page) => ({ ...page, logs: { state: 'unavailable', reason: 'left out: the page is too long' } }),
  (page) => ({ ...page, starts: { state: 'unavailable', reason: 'left out: the page is too long' } }),
  (page) => ({ ...page, changes: { state: 'unavailable', reason: 'left out: the page is too long' } }),
  (page) => withAlerts(page, 0),
];

/** The page in the size that it may have: what does not fit is left out, and said to be. */
export function bounded(page: Page): Page {
  let smaller = page;
  for (const cut of CUTS) {
    if (sizeOf(smaller) <= PAGE_BYTES_MAX) return smaller;
    smaller = cut(smaller);
  }
  return smaller;
}

function withAlerts(page: Page, count: number): Page {
  const alerts = page.alerts.slice(0, count);
  return { ...page, alerts, alertsLeftOut: page.alertsLeftOut + page.alerts.length - alerts.length };
}

const withWindows = (page: Page, count: number): Page => ({
  ...page,
  windows: kept(page.windows, ({ windows, leftOut }) => ({
    windows: windows.slice(0, count),
    leftOut: leftOut + Math.max(0, windows.length - count),
  })),
});

const withSteps = (page: Page, count: number): Page => ({
  ...page,
  runbook: kept(page.runbook, (runbook) => ({
    ...runbook,
    steps: runbook.steps.slice(0, count),
    leftOut: runbook.leftOut + Math.max(0, runbook.steps.length - count),
  })),
});
