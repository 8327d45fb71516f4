import { CARELESS_RELEASE } from './scenario-of-releases.ts';
import { SCENARIOS_OF_CLIENTS } from './scenarios-of-clients.ts';
import { SCENARIOS_OF_INCIDENTS } from './scenarios-of-incidents.ts';
import { SCENARIOS_OF_PARTS } from './scenarios-of-parts.ts';
import { SCENARIOS_OF_WINDOWS } from './scenarios-of-windows.ts';
import type { Scenario } from './scenario.ts';

/** Every fault, in the order in which they are tried. */
export const SCENARIOS: readonly Scenario[] = [
  ...SCENARIOS_OF_CLIENTS,
  ...SCENARIOS_OF_PARTS,
  ...SCENARIOS_OF_WINDOWS,
  ...SCENARIOS_OF_INCIDENTS,
  CARELESS_RELEASE,
];

/** The short form, which CI runs: faults of the data and of parts, and health. */
export const SHORT: ReadonlySet<string> = new Set(['health', 'unreadable-records', 'clickhouse-away', 'postgres-away']);

/** How each alert is proven: by which fault. */
export const PROOFS: readonly { readonly name: string; readonly scenario: string }[] = SCENARIOS.flatMap(
  ({ name: scenario, alerts, alertsAfter = [] }) => [...alerts, ...alertsAfter].map((name) => ({ name, scenario })),
);
