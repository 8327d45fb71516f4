import { z } from 'zod';
import { endOfDay, identifier, timeOfDay, timeZone } from '../fields.ts';
import { WEEKDAYS, scheduleSchema } from '../oncall/schema.ts';
import { SEVERITIES, URGENCIES } from '../types.ts';
import { durationSchema } from './duration.ts';
import { matchersSchema } from './matchers.ts';

const STEPS_MAX = 20;
const REPEAT_MAX = 5;

/** What it stands for is a secret or differs between installations, so the file only says where it is. */
const variable = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9_]*$/,
    'has to be the name of a variable of the environment, such as PAGER_URL, never its value',
  );

const throttle = z.strictObject({
  messages: z.number().int().min(1).max(1_000),
  per: durationSchema('1s', '1d'),
});

const common = { throttle: throttle.optional() };
const kinds = {
  email: { address: z.email('has to be an e-mail address').optional(), address_variable: variable.optional() },
  slack: { url_variable: variable },
  webhook: { url_variable: variable, secret_variable: variable },
  pagerduty: { secret_variable: variable, url_variable: variable.optional() },
  alertmanager: { url_variable: variable, secret_variable: variable.optional() },
} as const;

/** One way to tell somebody. */
const endpoint = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({ id: identifier, kind: z.literal('email'), ...kinds.email, ...common }),
      z.strictObject({ id: identifier, kind: z.literal('slack'), ...kinds.slack, ...common }),
      z.strictObject({ id: identifier, kind: z.literal('webhook'), ...kinds.webhook, ...common }),
      z.strictObject({ id: identifier, kind: z.literal('pagerduty'), ...kinds.pagerduty, ...common }),
      z.strictObject({ id: identifier, kind: z.literal('alertmanager'), ...kinds.alertmanager, ...common }),
    ],
    {
      error: ({ code }) => (code === 'invalid_union' ? `has to be one of ${Object.keys(kinds).join(', ')}` : undefined),
    },
  )
  .superRefine((value, context) => {
    if (value.kind !== 'email') return;
    if ((value.address === undefined) === (value.address_variable === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs either address or address_variable' });
    }
  });

const person = z.strictObject({
  id: identifier,
  name: z.string().min(1).max(200),
  time_zone: timeZone,
  contacts: z.array(endpoint).min(1).max(20),
  /** Contacts in the order in which they are tried: the next one only when the one before has failed. */
  notify: z.strictObject({
    high: z.array(identifier).max(20).default([]),
    low: z.array(identifier).max(20).default([]),
  }),
});

const supportHours = z.strictObject({
  id: identifier,
  time_zone: timeZone,
  weekdays: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...WEEKDAYS]),
  from: timeOfDay,
  /** Not after `from`: on the day after. */
  to: endOfDay,
});

const urgency = z.enum(URGENCIES);
const bySeverity = z
  .strictObject({
    critical: urgency.default('high'),
    warning: urgency.default('low'),
    info: urgency.default('low'),
  })
  .describe('urgency by severity');
const always = (value: z.infer<typeof urgency>) => Object.fromEntries(SEVERITIES.map((name) => [name, value]));
/** One urgency for all severities is the short form. */
const urgencies = z.preprocess((value) => (value === 'high' || value === 'low' ? always(value) : value), bySeverity);

const urgencyRule = z.union(
  [
    urgency,
    z.strictObject({ severity: bySeverity }),
    z.strictObject({
      support_hours: identifier,
      inside: urgencies.prefault({}),
      outside: urgencies.prefault({}),
      raise_at_start: z.boolean().default(true),
    }),
  ],
  'has to be high, low, { severity: … } or { support_hours: …, inside: …, outside: … }',
);

const target = z.union(
  [
    z.strictObject({ person: identifier }),
    z.strictObject({ schedule: identifier }),
    z.strictObject({ channel: identifier }),
  ],
  'has to be one of { person: … }, { schedule: … } and { channel: … }',
);

const condition = z
  .strictObject({
    inside: identifier.optional(),
    outside: identifier.optional(),
    firing_at_least: z.number().int().min(1).max(100_000).optional(),
    open_at_least: durationSchema('1s', '30d').optional(),
  })
  .refine((value) => Object.values(value).some((given) => given !== undefined), 'has to say on what it depends');

const step = z.strictObject({
  when: condition.optional(),
  notify: z.array(target).min(1).max(20),
  wait: durationSchema('1s', '7d'),
});

const policy = z.strictObject({
  id: identifier,
  matchers: matchersSchema.max(50).default([]),
  urgency: urgencyRule.default({ severity: { critical: 'high', warning: 'low', info: 'low' } }),
  steps: z.array(step).min(1).max(STEPS_MAX),
  repeat: z.number().int().min(0).max(REPEAT_MAX).default(2),
  hold: durationSchema('0s', '1d').default('5m'),
  acknowledge_timeout: durationSchema('1s', '7d', { orNever: true }).default('30m'),
  auto_resolve: durationSchema('1s', '90d', { orNever: true }).default('never'),
  status_update: durationSchema('1s', '7d', { orNever: true }).default('never'),
  last_resort: identifier.optional(),
});

const heartbeat = z.strictObject({
  name: identifier,
  every: durationSchema('1s', '32d'),
  grace: durationSchema('0s', '7d').default('1m'),
  severity: z.enum(SEVERITIES).default('critical'),
});

/**
 * The policy file. What is parsed has the names of the file, its defaults written out, and parses to itself; lengths of
 * time stay text until an incident takes its snapshot.
 */
export const policySchema = z.strictObject({
  people: z.array(person).max(2_000).default([]),
  channels: z.array(endpoint).max(200).default([]),
  schedules: z.array(scheduleSchema).max(200).default([]),
  support_hours: z.array(supportHours).max(200).default([]),
  policies: z.array(policy).min(1).max(500),
  throttle: throttle.default({ messages: 5, per: '15m' }),
  heartbeats: z.array(heartbeat).max(500).default([]),
});

export type PolicyDocument = z.infer<typeof policySchema>;
export type Person = PolicyDocument['people'][number];
export type Endpoint = PolicyDocument['channels'][number];
export type Policy = PolicyDocument['policies'][number];
export type PolicyTarget = Policy['steps'][number]['notify'][number];
