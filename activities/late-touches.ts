import type { ClickHouse } from '../clickhouse/client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ConcernedWindow, ExaminedSlice } from './late-slice.ts';
import { readCollisions } from './collision-queries.ts';
import {
  type CollisionParameters,
  type MilestoneParameters,
  type ConversionParameters,
  type TouchpointParameters,
  findTouchedByCollisions,
  findTouchedByConversions,
  findTouchedByMilestones,
  findTouchedByTouchpoints,
} from './late-queries.ts';
import type { TenantReach } from './late-reach.ts';

/** What of a slice may change windows that were judged; what is missing cannot change any. */
export interface SliceQuestions {
  conversions?: ConversionParameters;
  milestones?: MilestoneParameters;
  touchpoints?: TouchpointParameters;
}

/** The judged windows that rows of a slice may change. */
export async function findTouched(
  { clickhouse }: ActivityDependencies,
  examined: ExaminedSlice,
  reaches: readonly TenantReach[],
): Promise<ConcernedWindow[]> {
  const { signal } = examined;
  const { conversions, milestones, touchpoints } = questionsOf(examined, reaches);
  const collisions = await collisionsOf(clickhouse, examined, reaches);
  const found = await Promise.all([
    collisions === undefined ? [] : findTouchedByCollisions(clickhouse, collisions, { signal }),
    conversions === undefined ? [] : findTouchedByConversions(clickhouse, conversions, { signal }),
    milestones === undefined ? [] : findTouchedByMilestones(clickhouse, milestones, { signal }),
    touchpoints === undefined ? [] : findTouchedByTouchpoints(clickhouse, touchpoints, { signal }),
  ]);
  return found.flat().map(({ tenantId, windowStartMs, partition, until }) => ({
    tenantId,
    windowStartMs,
    own: new Map<number, number>(),
    changing: new Map([[partition, until]]),
  }));
}

/** Of the tenants that have such events at all: most have none. */
async function collisionsOf(
  clickhouse: ClickHouse,
  { slice, signal }: ExaminedSlice,
  reaches: readonly TenantReach[],
): Promise<CollisionParameters | undefined> {
  const judged = reaches.filter(({ judgedUntilMs }) => judgedUntilMs > 0);
  if (judged.length === 0) return undefined;
  const colliding = new Set((await readCollisions(clickhouse, {}, { signal })).map(({ tenantId }) => tenantId));
  const mine = judged.filter(({ tenantId }) => colliding.has(tenantId));
  if (mine.length === 0) return undefined;
  return { ...slice, ...tenantsOf(mine), ...lookbacksOf(mine) };
}

/** Rows of live time concern windows that are not closed yet: for them nothing has to be asked. */
export function questionsOf(
  { slice, arrivals }: Pick<ExaminedSlice, 'slice' | 'arrivals'>,
  reaches: readonly TenantReach[],
): SliceQuestions {
  const judged = reaches.filter(({ judgedUntilMs }) => judgedUntilMs > 0);
  const of = new Map(judged.map((reach) => [reach.tenantId, reach]));
  const mine = arrivals.filter(({ tenantId }) => of.has(tenantId));
  const withConversions = mine.filter(({ conversionNames }) => conversionNames.length > 0);
  const withMilestones = withConversions.filter(({ tenantId, conversionNames }) =>
    conversionNames.some((name) => of.get(tenantId)?.milestones.includes(name) === true),
  );
  const lateTouchpoints = mine.filter(
    ({ tenantId, hourMs, touchpoints }) => touchpoints > 0 && hourMs < (of.get(tenantId)?.judgedUntilMs ?? 0),
  );
  const questions: SliceQuestions = {};
  if (withConversions.length > 0) questions.conversions = { ...slice, ...tenantsOf(judged) };
  if (withMilestones.length > 0) {
    const milestones = judged.map((reach) => reach.milestones);
    questions.milestones = { ...slice, ...tenantsOf(judged), ...lookbacksOf(judged), milestones };
  }
  if (lateTouchpoints.length > 0) {
    const touchpointsFromMs = Math.min(...lateTouchpoints.map(({ hourMs }) => hourMs));
    questions.touchpoints = { ...slice, ...tenantsOf(judged), ...lookbacksOf(judged), touchpointsFromMs };
  }
  return questions;
}

const tenantsOf = (reaches: readonly TenantReach[]) => ({
  tenantIds: reaches.map(({ tenantId }) => tenantId),
  windowMs: reaches.map(({ windowMs }) => windowMs),
  conversionNames: reaches.map(({ conversionNames }) => conversionNames),
  judgedUntilMs: reaches.map(({ judgedUntilMs }) => judgedUntilMs),
});

const lookbacksOf = (reaches: readonly TenantReach[]) => ({
  lookbackClickMs: reaches.map(({ lookbackClickMs }) => lookbackClickMs),
  lookbackImpressionMs: reaches.map(({ lookbackImpressionMs }) => lookbackImpressionMs),
});
