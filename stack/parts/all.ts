import type { PartName } from '../types.ts';
import { clickhouse } from './clickhouse.ts';
import { jaeger } from './jaeger.ts';
import { kafka } from './kafka.ts';
import type { PartDefinition } from './part.ts';
import { postgres } from './postgres.ts';
import { temporal } from './temporal.ts';

/** Every part that the stack knows. */
export const PARTS: Readonly<Record<PartName, PartDefinition>> = { clickhouse, postgres, kafka, temporal, jaeger };
