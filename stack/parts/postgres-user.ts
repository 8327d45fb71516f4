import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, parse } from 'node:path';
import { promisify } from 'node:util';
import { UnmogrowpError } from '../../errors.ts';
import { findOnPath } from '../toolchain.ts';
import type { Variables } from '../types.ts';

const run = promisify(execFile);

/** `nobody`, who has an entry in the user database of every system: initdb looks its own name up. */
const MAPPED_ID = '65534';

/** How PostgreSQL, which refuses to run as root, is run by whoever runs the stack. */
export type PostgresUser =
  /** Not root: as ourselves. */
  | { readonly kind: 'self' }
  /** As the user `postgres`, made if need be. */
  | { readonly kind: 'postgres' }
  /** As root under another number, in a user namespace: for folders that only root may enter. */
  | { readonly kind: 'mapped'; readonly prefix: readonly [string, ...string[]] };

/** Chooses a way that can reach the data and the programs; a cluster that exists decides by its owner. */
export async function choosePostgresUser(options: {
  cluster: string;
  folders: readonly string[];
  environment: Variables;
}): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const owner = existsSync(options.cluster) ? statSync(options.cluster).uid : undefined;
  const closed = [...new Set(options.folders.flatMap(foldersClosedToOthers))];
  if (owner !== 0 && closed.length === 0) return { kind: 'postgres' };
  const prefix = owner === undefined || owner === 0 ? await mappingPrefix(options.environment) : undefined;
  if (prefix !== undefined) return { kind: 'mapped', prefix };
  throw new UnmogrowpError(
    'part_start_failed',
    `PostgreSQL does not run as root, and the user postgres may not enter ${closed.join(', ')}. ` +
      `Allow it (chmod o+x ${closed.join(' ')}), start as another user, or set POSTGRES_URL.`,
  );
}

/** The numbers of the user `postgres`. */
export async function idsOfPostgres(): Promise<{ uid: number; gid: number }> {
  const number = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await number('-u'), gid: await number('-g') };
}

/** The command that runs another one under a mapped number; undefined where the system does not let us. */
async function mappingPrefix(environment: Variables): Promise<readonly [string, ...string[]] | undefined> {
  const unshare = findOnPath('unshare', environment);
  if (unshare === undefined) return undefined;
  const parameters = ['--user', `--map-user=${MAPPED_ID}`, `--map-group=${MAPPED_ID}`];
  try {
    await run(unshare, [...parameters, 'true']);
    return [unshare, ...parameters];
  } catch {
    return undefined;
  }
}

function foldersClosedToOthers(path: string): string[] {
  const closed: string[] = [];
  for (let folder = path; folder !== parse(folder).root; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) closed.push(folder);
  }
  return closed;
}
