import { z } from 'zod';
import { NOTE_LENGTH_MAX, SNOOZE_MS_MAX } from '../state/refusals.ts';
import type { IncidentCommand, IncidentCommandName } from '../types.ts';
import { readBody } from './read-body.ts';

/** Who wants it, for the timeline. */
const who = {
  by: z.string().trim().min(1).max(100).meta({ description: 'Who does it: a person of the policy.' }),
  via: z.enum(['cli', 'http']).default('http'),
};

const text = z.string().trim().min(1).max(NOTE_LENGTH_MAX);
const name = z.string().min(1).max(100);

const target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), person: name }),
  z.object({ kind: z.literal('schedule'), schedule: name }),
  z.object({ kind: z.literal('channel'), channel: name }),
]);

const plain = z.object(who);

/** The body of each command. */
export const COMMAND_SCHEMAS = {
  acknowledge: plain.meta({ title: 'Acknowledge' }),
  unacknowledge: plain.meta({ title: 'Unacknowledge' }),
  escalate: plain.meta({ title: 'Escalate' }),
  snooze: z
    .object({
      ...who,
      seconds: z
        .int()
        .min(60)
        .max(SNOOZE_MS_MAX / 1_000)
        .optional(),
      until: z.iso.datetime({ offset: true }).optional(),
    })
    .refine(({ seconds, until }) => (seconds === undefined) !== (until === undefined), {
      error: 'either seconds or until',
    })
    .meta({ title: 'Snooze', description: 'Either for so many seconds or until a time, a week at most.' }),
  reassign: z.object({ ...who, target }).meta({ title: 'Reassign' }),
  note: z.object({ ...who, text }).meta({ title: 'Note' }),
  resolve: z.object({ ...who, text: text.optional() }).meta({ title: 'Resolve' }),
  merge: z
    .object({ ...who, into_incident_id: z.guid() })
    .meta({ title: 'Merge', description: 'It follows the other incident to its end.' }),
  link_replay: z.object({ ...who, replay_id: z.guid() }).meta({ title: 'LinkReplay' }),
} as const satisfies Record<IncidentCommandName, z.ZodType>;

/** A command as somebody asked for it; the workflow of the other incident is looked up by whoever carries it out. */
export type AskedCommand =
  Exclude<IncidentCommand, { name: 'merge' }> | (CommandOf<'merge'> & { readonly intoWorkflowId?: never });
type CommandOf<Name extends IncidentCommandName> = Omit<Extract<IncidentCommand, { name: Name }>, 'intoWorkflowId'>;

export type ReadCommand =
  { readonly command: AskedCommand; readonly problem?: never } | { readonly problem: string; readonly command?: never };

/** The command of a request, or what is wrong with its body. */
export function readCommand(name: IncidentCommandName, body: unknown, nowMs: number): ReadCommand {
  const read = readBody(COMMAND_SCHEMAS[name], body);
  if (read.problem !== undefined) return { problem: read.problem };
  const { by: actor, via } = read.data;
  const base = { actor, via };
  switch (name) {
    case 'acknowledge':
    case 'unacknowledge':
    case 'escalate':
      return { command: { ...base, name } };
    case 'snooze':
      return readSnooze(base, dataOf(name, read.data), nowMs);
    case 'reassign':
      return { command: { ...base, name, target: dataOf(name, read.data).target } };
    case 'note':
      return { command: { ...base, name, text: dataOf(name, read.data).text } };
    case 'resolve': {
      const { text: reason } = dataOf(name, read.data);
      return { command: { ...base, name, ...(reason === undefined ? {} : { text: reason }) } };
    }
    case 'merge':
      return { command: { ...base, name, intoIncidentId: dataOf(name, read.data).into_incident_id.toLowerCase() } };
    case 'link_replay':
      return { command: { ...base, name, replayId: dataOf(name, read.data).replay_id.toLowerCase() } };
  }
}

type Data<Name extends IncidentCommandName> = z.infer<(typeof COMMAND_SCHEMAS)[Name]>;

/** The schema was chosen by the name: this says so to the compiler. */
const dataOf = <Name extends IncidentCommandName>(_name: Name, data: unknown): Data<Name> => data as Data<Name>;

function readSnooze(
  base: Pick<IncidentCommand, 'actor' | 'via'>,
  { seconds, until }: Data<'snooze'>,
  nowMs: number,
): ReadCommand {
  const untilMs = until === undefined ? nowMs + (seconds ?? 0) * 1_000 : Date.parse(until);
  if (untilMs <= nowMs || untilMs > nowMs + SNOOZE_MS_MAX) {
    return { problem: 'until: is a time to come, within a week' };
  }
  return { command: { ...base, name: 'snooze', untilMs } };
}
