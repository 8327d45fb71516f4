import type { Severity, Urgency } from '../types.ts';
import type { StepCondition, UrgencyRule } from './snapshot.ts';
import { isInside, nextStartMs } from './support-hours.ts';

/** How urgent an incident of a severity is at a moment. */
export function urgencyAt(rule: UrgencyRule, severity: Severity, atMs: number): Urgency {
  switch (rule.kind) {
    case 'constant':
      return rule.urgency;
    case 'severity':
      return rule.of[severity];
    case 'support_hours':
      return (isInside(rule.hours, atMs) ? rule.inside : rule.outside)[severity];
  }
}

/**
 * When an incident that waits with low urgency becomes urgent by itself, because support hours begin; undefined for
 * never. It does not fall again when they end: whoever was told once goes on being told.
 */
export function nextRaiseMs(rule: UrgencyRule, severity: Severity, nowMs: number): number | undefined {
  if (rule.kind !== 'support_hours' || !rule.raiseAtStart) return undefined;
  if (rule.inside[severity] !== 'high' || urgencyAt(rule, severity, nowMs) === 'high') return undefined;
  return nextStartMs(rule.hours, nowMs);
}

/** What a condition of a step is asked about. */
export interface StepFacts {
  readonly nowMs: number;
  readonly openedAtMs: number;
  /** Alerts that fire now. */
  readonly firing: number;
}

/** Whether a step is taken: everything that its condition names has to hold. */
export function conditionHolds(when: StepCondition | undefined, { nowMs, openedAtMs, firing }: StepFacts): boolean {
  if (when === undefined) return true;
  if (when.inside !== undefined && !isInside(when.inside, nowMs)) return false;
  if (when.outside !== undefined && isInside(when.outside, nowMs)) return false;
  if (when.firingAtLeast !== undefined && firing < when.firingAtLeast) return false;
  return when.openAtLeastMs === undefined || nowMs - openedAtMs >= when.openAtLeastMs;
}
