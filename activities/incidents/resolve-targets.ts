import type { Override } from '../../incidents/oncall/who.ts';
import { whoIsOnCall } from '../../incidents/oncall/who.ts';
import { contactsOf } from '../../incidents/policy/contacts.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import type { Target } from '../../incidents/types.ts';
import { overridesBetween } from '../../postgres/oncall-overrides.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { IncidentActivities, ResolvedTarget, TargetsQuestion } from './contract.ts';
import { gather } from './enrich-part.ts';

/** Somebody waits to be told: what PostgreSQL does not give in this time is done without. */
const OVERRIDES_MS_MAX = 3_000;

export interface ResolveDependencies {
  readonly policy: Pick<PolicySource, 'current'>;
  readonly postgres: PostgresPool;
  /** Told about overrides that could not be read. */
  readonly onError: (thrown: unknown) => void;
}

/**
 * Says whom targets stand for at a moment. Who is on call is asked of the schedules as the incident knows them, with the
 * overrides of now; how somebody is told, of the present policy. Without PostgreSQL the schedules count as they are written.
 */
export function createResolveTargets({
  policy,
  postgres,
  onError,
}: ResolveDependencies): IncidentActivities['resolveTargets'] {
  async function overridesOf({ targets, atMs }: TargetsQuestion): Promise<readonly Override[] | undefined> {
    const scheduleIds = targets.flatMap((target) => (target.kind === 'schedule' ? [target.schedule] : []));
    if (scheduleIds.length === 0) return [];
    const range = { scheduleIds, fromMs: atMs, toMs: atMs + 1 };
    const found = await gather(OVERRIDES_MS_MAX, () => overridesBetween(postgres, range), onError);
    return found.state === 'found' ? found.value : undefined;
  }

  return async function resolveTargets(question) {
    const overrides = await overridesOf(question);
    const targets = targetsAt(policy.current().document, question, overrides ?? []);
    return { targets, areOverridesKnown: overrides !== undefined };
  };
}

/** Whom the targets stand for, with these overrides. */
export function targetsAt(
  document: PolicyDocument,
  question: TargetsQuestion,
  overrides: readonly Override[],
): ResolvedTarget[] {
  return question.targets.map((target) => targetAt(document, target, question, overrides));
}

function targetAt(
  document: PolicyDocument,
  target: Target,
  { schedules, urgency, atMs }: TargetsQuestion,
  overrides: readonly Override[],
): ResolvedTarget {
  if (target.kind !== 'schedule') return { target, chains: contactsOf(document, target, { urgency }).chains };
  const id = target.schedule;
  // A person may have named a schedule that no step of the policy names.
  const snapshot = Object.hasOwn(schedules, id) ? schedules[id] : undefined;
  const schedule = snapshot ?? document.schedules.find((one) => one.id === id);
  const onCall = schedule === undefined ? [] : whoIsOnCall(schedule, overrides, atMs).people;
  return { target, chains: contactsOf(document, target, { urgency, onCall }).chains };
}
