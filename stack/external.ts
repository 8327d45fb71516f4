import { UnmogrowpError } from '../errors.ts';
import { reasonOf } from './health.ts';
import type { PartDefinition } from './parts/part.ts';
import type { RunningPart, Variables } from './types.ts';

/** Whether the environment replaces a part by an address. Half of the variables of a part is refused. */
export function isExternal(part: PartDefinition, environment: Variables): boolean {
  const set = part.variables.filter((name) => environment[name]);
  if (set.length === 0) return false;
  const missing = part.variables.filter((name) => !environment[name]);
  if (missing.length === 0) return true;
  throw new UnmogrowpError(
    'configuration_invalid',
    `${set.join(', ')} is set without ${missing.join(', ')}: set both to use a running ${part.title}, or neither to have one started.`,
  );
}

/** Makes sure that a part which somebody else runs answers, before anything is started that needs it. */
export async function checkExternal(part: PartDefinition, environment: Variables): Promise<RunningPart> {
  const address = externalAddress(part, environment);
  const startedAt = performance.now();
  try {
    const version = await part.check(environment);
    return {
      name: part.name,
      title: part.title,
      version: version ?? '',
      source: 'environment',
      address,
      ports: {},
      startedInMs: Math.round(performance.now() - startedAt),
    };
  } catch (error) {
    const variables = part.variables.join(' and ');
    throw new UnmogrowpError(
      'part_start_failed',
      `${part.title} at ${address} does not answer: ${reasonOf(error)}. ` +
        `Start it, correct ${variables}, or unset ${variables} to have one started.`,
      { cause: error },
    );
  }
}

/** The address as it may be shown: without a password. */
export function externalAddress(part: PartDefinition, environment: Variables): string {
  return part.variables.map((name) => withoutPassword(environment[name] ?? '')).join(' and ');
}

/** `scheme://user:secret@host` without the secret; anything else as it is. */
function withoutPassword(address: string): string {
  return address.replace(/(\/\/[^/:@]*):[^@/]*@/, '$1:***@');
}
