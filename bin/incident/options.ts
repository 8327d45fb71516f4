import { InvalidArgumentError } from 'commander';
import { UnmogrowpError } from '../../errors.ts';
import { durationMs } from '../../incidents/policy/duration.ts';
import type { Target } from '../../incidents/types.ts';
import { uuidArgument } from '../uuid-argument.ts';
import type { IncidentApi } from './api.ts';

/** An incident is named by its UUID. */
export const incidentArgument = uuidArgument('See: unmogrowp incident list');
export const replayArgument = uuidArgument('See: unmogrowp replay list');

/** Whom a reassignment means: `person:ada`, `schedule:data`, `channel:ops`. */
export function targetArgument(text: string): Target {
  const [, kind, name = ''] = /^(person|schedule|channel):(.+)$/.exec(text) ?? [];
  if (kind === 'person') return { kind, person: name };
  if (kind === 'schedule') return { kind, schedule: name };
  if (kind === 'channel') return { kind, channel: name };
  throw new InvalidArgumentError('It is person:NAME, schedule:NAME or channel:NAME.');
}

/** A length of time in seconds: `30m`, `1h30m`. */
export function secondsArgument(text: string): number {
  const lengthMs = durationMs(text);
  if (lengthMs === undefined || lengthMs < 60_000) {
    throw new InvalidArgumentError('It is a length of time of at least a minute, such as 30m or 1h30m.');
  }
  return lengthMs / 1_000;
}

/** A time with its offset, as the process takes it. */
export function timeArgument(text: string): string {
  const epochMs = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(epochMs)) throw new InvalidArgumentError('It is a time such as 2026-01-05T10:00:00Z.');
  return new Date(epochMs).toISOString();
}

/** The incident that is meant; without a name the only one that is open. Throws `incident_unknown`. */
export async function whichIncident(api: Pick<IncidentApi, 'list'>, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const { incidents } = await api.list({ status: 'open', limit: '2' });
  const [only, another] = incidents;
  if (only !== undefined && another === undefined) return only.incident_id;
  throw new UnmogrowpError(
    'incident_unknown',
    only === undefined
      ? 'No incident is open.'
      : 'Several incidents are open: say which one. See: unmogrowp incident list',
  );
}
