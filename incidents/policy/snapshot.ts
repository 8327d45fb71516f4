import type { Schedule } from '../oncall/schema.ts';
import type { Severity, Target, Urgency } from '../types.ts';

/** Hours in which people are at work: on these days, from one time of the wall clock to another. */
export interface SupportHours {
  readonly id: string;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  /** On which they begin, as ISO counts: 1 is Monday, 7 is Sunday. */
  readonly weekdays: readonly number[];
  readonly fromMinute: number;
  /** After `fromMinute`; beyond 1440 it is on the day after. */
  readonly toMinute: number;
}

/** How urgent an incident is. Asked by `urgencyAt` and `nextRaiseMs` in urgency.ts. */
export type UrgencyRule =
  | { readonly kind: 'constant'; readonly urgency: Urgency }
  | { readonly kind: 'severity'; readonly of: Readonly<Record<Severity, Urgency>> }
  | {
      readonly kind: 'support_hours';
      readonly hours: SupportHours;
      readonly inside: Readonly<Record<Severity, Urgency>>;
      readonly outside: Readonly<Record<Severity, Urgency>>;
      /** What waited with low urgency becomes urgent when the hours begin. */
      readonly raiseAtStart: boolean;
    };

/** All that is given must hold; asked by `conditionHolds` in urgency.ts. */
export interface StepCondition {
  readonly inside?: SupportHours;
  readonly outside?: SupportHours;
  readonly firingAtLeast?: number;
  readonly openAtLeastMs?: number;
}

/** One rung of the ladder. */
export interface PolicyStep {
  readonly when?: StepCondition;
  readonly notify: readonly Target[];
  /** How long somebody may take to answer before the next step; after the last one, before the loop begins again. */
  readonly waitMs: number;
}

export interface Throttle {
  readonly messages: number;
  readonly perMs: number;
}

/**
 * What an incident keeps of the policy it started with, in the input of its workflow. Plain JSON without names and
 * addresses: those are looked up in the present policy when something is sent.
 */
export interface PolicySnapshot {
  /** First 12 hex digits of the hash over the whole document. */
  readonly version: string;
  readonly policyId: string;
  readonly urgency: UrgencyRule;
  readonly steps: readonly PolicyStep[];
  /** The schedules that the steps name, as incidents/oncall/ parses them. */
  readonly schedules: Readonly<Record<string, Schedule>>;
  /** How often the steps begin again after the first time, 0 to 5. */
  readonly repeat: number;
  /** How long every alert must stay resolved. */
  readonly holdMs: number;
  /** After this an acknowledgement is worth nothing; null for never. */
  readonly acknowledgeTimeoutMs: number | null;
  /** Without any message for this long the incident resolves itself; null for never. */
  readonly autoResolveMs: number | null;
  /** How often whoever acknowledged is asked how it stands; null for never. */
  readonly statusUpdateMs: number | null;
  /** Channel that is told when nobody answered; null for none. */
  readonly lastResort: string | null;
  /** What a contact gets at once, unless the present policy says otherwise for it. */
  readonly throttle: Throttle;
}
