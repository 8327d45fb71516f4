import { WEEKDAYS } from '../oncall/schema.ts';
import type { Target } from '../types.ts';
import { knownDurationMs } from './duration.ts';
import type { Labels } from './matchers.ts';
import type { Policy, PolicyDocument, PolicyTarget } from './schema.ts';
import { selectPolicy } from './select.ts';
import type { PolicySnapshot, PolicyStep, StepCondition, SupportHours, Throttle, UrgencyRule } from './snapshot.ts';

const DAY_MINUTES = 1_440;

/** What an incident with these labels keeps of the policy for ever; undefined when no policy takes them. */
export function snapshotFor(
  { document, version }: { document: PolicyDocument; version: string },
  labels: Labels,
): PolicySnapshot | undefined {
  const policy = selectPolicy(document, labels);
  return policy === undefined ? undefined : takeSnapshot(document, policy, version);
}

/** What an incident keeps of one policy of a checked document. */
export function takeSnapshot(document: PolicyDocument, policy: Policy, version: string): PolicySnapshot {
  const targets = policy.steps.flatMap(({ notify }) => notify.map(targetOf));
  const schedules = new Set(targets.flatMap((target) => (target.kind === 'schedule' ? [target.schedule] : [])));
  return {
    version,
    policyId: policy.id,
    urgency: urgencyOf(document, policy.urgency),
    steps: policy.steps.map((step) => stepOf(document, step)),
    schedules: Object.fromEntries(
      document.schedules.filter(({ id }) => schedules.has(id)).map((schedule) => [schedule.id, schedule]),
    ),
    repeat: policy.repeat,
    holdMs: knownDurationMs(policy.hold),
    acknowledgeTimeoutMs: limitMs(policy.acknowledge_timeout),
    autoResolveMs: limitMs(policy.auto_resolve),
    statusUpdateMs: limitMs(policy.status_update),
    lastResort: policy.last_resort ?? null,
    throttle: throttleOf(document.throttle),
  };
}

/** Whom an entry of `notify` means. */
function targetOf(entry: PolicyTarget): Target {
  if ('person' in entry) return { kind: 'person', person: entry.person };
  if ('schedule' in entry) return { kind: 'schedule', schedule: entry.schedule };
  return { kind: 'channel', channel: entry.channel };
}

export const throttleOf = ({ messages, per }: PolicyDocument['throttle']): Throttle => ({
  messages,
  perMs: knownDurationMs(per),
});

/** Support hours by their id, with minutes instead of texts. */
function supportHoursOf({ support_hours }: PolicyDocument, id: string): SupportHours {
  const found = support_hours.find((hours) => hours.id === id);
  if (found === undefined) throw new RangeError('unknown support hours: the document was not checked');
  const [fromMinute, toMinute] = [minuteOf(found.from), minuteOf(found.to)];
  return {
    id,
    timeZone: found.time_zone,
    weekdays: found.weekdays.map((name) => WEEKDAYS.indexOf(name) + 1),
    fromMinute,
    toMinute: toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES,
  };
}

function urgencyOf(document: PolicyDocument, rule: Policy['urgency']): UrgencyRule {
  if (typeof rule === 'string') return { kind: 'constant', urgency: rule };
  if ('severity' in rule) return { kind: 'severity', of: rule.severity };
  const hours = supportHoursOf(document, rule.support_hours);
  const { inside, outside, raise_at_start: raiseAtStart } = rule;
  return { kind: 'support_hours', hours, inside, outside, raiseAtStart };
}

const stepOf = (document: PolicyDocument, { when, notify, wait }: Policy['steps'][number]): PolicyStep => ({
  ...(when === undefined ? {} : { when: conditionOf(document, when) }),
  notify: notify.map(targetOf),
  waitMs: knownDurationMs(wait),
});

const conditionOf = (
  document: PolicyDocument,
  { inside, outside, firing_at_least, open_at_least }: NonNullable<Policy['steps'][number]['when']>,
): StepCondition => ({
  ...(inside === undefined ? {} : { inside: supportHoursOf(document, inside) }),
  ...(outside === undefined ? {} : { outside: supportHoursOf(document, outside) }),
  ...(firing_at_least === undefined ? {} : { firingAtLeast: firing_at_least }),
  ...(open_at_least === undefined ? {} : { openAtLeastMs: knownDurationMs(open_at_least) }),
});

const limitMs = (text: string): number | null => (text === 'never' ? null : knownDurationMs(text));

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}
