import { expect, test } from 'vitest';
import { type MaintenanceWindow, maintenanceOf } from './maintenance.ts';

const windowOf = (maintenanceId: string, matchers: string[], fromMs: number, toMs: number): MaintenanceWindow => ({
  maintenanceId,
  matchers,
  fromMs,
  toMs,
});
const windows = [
  windowOf('kafka', ['part=kafka'], 100, 200),
  windowOf('long', ['part=~"kafka|sink"', 'severity!=critical'], 150, 300),
  windowOf('nothing', [], 0, 1_000),
];

test.each([
  ['before its begin', { part: 'kafka' }, 99, undefined],
  ['from its begin on', { part: 'kafka' }, 100, 'kafka'],
  ['the one that ends last, when several hold', { part: 'kafka', severity: 'warning' }, 150, 'long'],
  ['only where all matchers hold', { part: 'sink', severity: 'critical' }, 150, undefined],
  ['not at its end any more', { part: 'kafka', severity: 'critical' }, 200, undefined],
  ['never without a matcher', { part: 'ingest' }, 500, undefined],
])('a maintenance window holds %s', (_, labels, atMs, expected) => {
  expect(maintenanceOf(windows, labels, atMs)?.maintenanceId).toBe(expected);
});
