import type { StackPartName } from '../types.ts';
import { alertmanager } from './alertmanager.ts';
import { clickhouse } from './clickhouse.ts';
import { grafana } from './grafana.ts';
import { jaeger } from './jaeger.ts';
import { kafka } from './kafka.ts';
import { loki } from './loki.ts';
import type { PartDefinition } from './part.ts';
import { postgres } from './postgres.ts';
import { prometheus } from './prometheus.ts';
import { temporal } from './temporal.ts';

/** Every part that the stack knows. */
export const PARTS: Readonly<Record<StackPartName, PartDefinition>> = {
  clickhouse,
  postgres,
  kafka,
  temporal,
  jaeger,
  prometheus,
  alertmanager,
  loki,
  grafana,
};
