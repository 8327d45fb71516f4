import { type Labels, matchesAll } from './policy/matchers.ts';

/** A time in which alerts with these labels are expected. `toMs` is the end that counts, also of one that ended early. */
export interface MaintenanceWindow {
  readonly maintenanceId: string;
  readonly matchers: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of the maintenance windows that hold for these labels at a moment the one that ends last. */
export function maintenanceOf(
  windows: readonly MaintenanceWindow[],
  labels: Labels,
  atMs: number,
): MaintenanceWindow | undefined {
  return windows
    .filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
    .filter(({ matchers }) => matchers.length > 0 && matchesAll(matchers, labels))
    .toSorted((left, right) => right.toMs - left.toMs)[0];
}
