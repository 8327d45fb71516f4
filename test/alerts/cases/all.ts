import type { AlertCase } from './case.ts';
import { INCIDENTS_CASES } from './incidents.ts';
import { INGEST_CASES } from './ingest.ts';
import { OBJECTIVE_CASES } from './objectives.ts';
import { PARTS_CASES } from './parts.ts';
import { SINK_CASES } from './sink.ts';
import { TELEMETRY_CASES } from './telemetry.ts';
import { WINDOWS_CASES } from './windows.ts';
import { WORKFLOWS_CASES } from './workflows.ts';

/** How every alert of Prometheus has to behave. Those of Loki are tested on Loki: no program tests rules on logs. */
export const ALERT_CASES: readonly AlertCase[] = [
  ...OBJECTIVE_CASES,
  ...INGEST_CASES,
  ...SINK_CASES,
  ...PARTS_CASES,
  ...WINDOWS_CASES,
  ...WORKFLOWS_CASES,
  ...TELEMETRY_CASES,
  ...INCIDENTS_CASES,
];
