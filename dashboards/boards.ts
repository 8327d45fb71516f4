import { type BoardPlan, buildBoard } from './board.ts';
import { attribution } from './boards/attribution.ts';
import { dataQuality } from './boards/data-quality.ts';
import { incidents } from './boards/incidents.ts';
import { ingest } from './boards/ingest.ts';
import { kafkaSink } from './boards/kafka-sink.ts';
import { parts } from './boards/parts.ts';
import { pipeline } from './boards/pipeline.ts';
import { tenants } from './boards/tenants.ts';
import { windows } from './boards/windows.ts';
import { BOARDS } from './links.ts';

/** All boards, in the order in which Grafana lists them to somebody who is woken up. */
export const PLANS: readonly BoardPlan[] = [
  pipeline,
  ingest,
  kafkaSink,
  windows,
  attribution,
  dataQuality,
  tenants,
  parts,
  incidents,
] as readonly BoardPlan[];

/** The files that Grafana loads, by their paths. */
export const boardFiles = (): Record<string, string> =>
  Object.fromEntries(
    PLANS.map((plan) => [
      `dashboards/generated/${BOARDS[plan.board].uid}.json`,
      `${JSON.stringify(buildBoard(plan), null, 2)}\n`,
    ]),
  );
