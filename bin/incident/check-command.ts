import { UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import type { AskedCommand } from '../../incidents/http/commands.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import { targetText } from '../../incidents/state/notices.ts';
import type { Target } from '../../incidents/types.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { loadReplay } from '../../postgres/replays.ts';

/** Refuses a command that names what is not there. Throws `incident_refused`. */
export async function checkCommand(
  command: AskedCommand,
  {
    document,
    postgres,
    onError,
  }: { document: PolicyDocument; postgres: PostgresPool; onError: (thrown: unknown) => void },
): Promise<void> {
  if (command.name === 'reassign') checkTarget(document, command.target);
  if (command.name === 'link_replay') await checkReplay(postgres, command.replayId, onError);
}

function checkTarget(document: PolicyDocument, target: Target): void {
  const known = knownOf(document, target);
  if (known.some((one) => targetText(one) === targetText(target))) return;
  const names = known.map(targetText).join(', ') || `no ${target.kind} at all`;
  throw new UnmogrowpError('incident_refused', `The policy does not know ${targetText(target)}. It has ${names}.`);
}

function knownOf({ people, schedules, channels }: PolicyDocument, { kind }: Target): Target[] {
  switch (kind) {
    case 'person':
      return people.map(({ id }) => ({ kind, person: id }));
    case 'schedule':
      return schedules.map(({ id }) => ({ kind, schedule: id }));
    case 'channel':
      return channels.map(({ id }) => ({ kind, channel: id }));
  }
}

/** Without PostgreSQL nobody knows whether there is such a replay: then it is believed. */
async function checkReplay(
  postgres: PostgresPool,
  replayId: string,
  onError: (thrown: unknown) => void,
): Promise<void> {
  try {
    await loadReplay(postgres, replayId);
  } catch (thrown) {
    const { code, message } = toUnmogrowpError(thrown);
    if (code === 'replay_unknown') throw new UnmogrowpError('incident_refused', message, { cause: thrown });
    onError(thrown);
  }
}
