import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerOf } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import type { Variables } from '../types.ts';
import { configXml, usersXml } from './clickhouse-config.ts';
import { grafanaUserXml } from './clickhouse-grafana.ts';
import {
  flags,
  needed,
  plainEnvironment,
  type Launch,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';

const require = createRequire(import.meta.url);
const PACKAGE = '@chdb/lib-linux-x64-gnu';
const MEMORY_BYTES_MAX_DEFAULT = 4_000_000_000;

/** ClickHouse: the whole server as a shared library from npm, run in a Node process of its own. */
export const clickhouse: PartDefinition = {
  name: 'clickhouse',
  title: 'ClickHouse',
  variables: ['CLICKHOUSE_URL'],
  defaultPorts: { http: 8123, native: 9000 },
  metricsListener: 'http',
  plan: () => Promise.resolve(planClickHouse()),
  obtain: ({ plan }) => Promise.resolve({ source: 'npm', version: plan.version, path: plan.path ?? '' }),
  prepare: prepareClickHouse,
  variablesFor: (ports) => ({ CLICKHOUSE_URL: `http://${LOOPBACK}:${ports['http']}` }),
  check: checkClickHouse,
};

function planClickHouse(): PartPlan {
  try {
    const manifest = require.resolve(`${PACKAGE}/package.json`);
    const { version } = require(manifest) as { version: string };
    return { source: 'npm', version, path: join(dirname(manifest), 'libchdb.so'), tools: [] };
  } catch {
    const impossible = `the npm package ${PACKAGE} is not installed: run npm ci (without --omit=optional)`;
    return { source: 'npm', version: '', tools: [], impossible };
  }
}

function prepareClickHouse({
  obtained,
  dataDirectory,
  logDirectory,
  ports,
  environment,
  tuning,
}: PrepareContext): Promise<Launch> {
  const configuration = join(dataDirectory, 'configuration');
  mkdirSync(join(configuration, 'users.d'), { recursive: true });
  const put = (name: string, content: string) => {
    writeFileSync(join(configuration, name), content);
    return join(configuration, name);
  };
  const usersFile = put('users.xml', usersXml());
  const database = environment['CLICKHOUSE_DATABASE'] || 'unmogrowp';
  put('users.d/grafana.xml', grafanaUserXml({ database, password: '<password></password>', network: LOOPBACK }));
  const memoryBytesMax = tuning.clickhouseMemoryBytesMax ?? MEMORY_BYTES_MAX_DEFAULT;
  const config = put('config.xml', configXml({ usersFile, logDirectory, memoryBytesMax }));
  const data = join(dataDirectory, 'server');
  // The database `system` lives in memory, but its log tables leave folders behind; with these there the next start
  // cannot create them again and complains a thousand times a second. The logs themselves are kept in `ops`.
  rmSync(join(data, 'data', 'system'), { recursive: true, force: true });
  return Promise.resolve({
    command: process.execPath,
    arguments: [
      fileURLToPath(new URL('./clickhouse-server.ts', import.meta.url)),
      ...flags({
        '--library': obtained.path,
        '--data': data,
        '--config': config,
        '--http-port': ports['http'] ?? 0,
        '--native-port': ports['native'] ?? 0,
      }),
    ],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
  });
}

async function checkClickHouse(environment: Variables): Promise<string> {
  const answer = await answerOf(
    `${needed(environment, 'CLICKHOUSE_URL')}/?query=${encodeURIComponent('SELECT version()')}`,
    {
      'X-ClickHouse-User': environment['CLICKHOUSE_USERNAME'] || 'default',
      'X-ClickHouse-Key': environment['CLICKHOUSE_PASSWORD'] ?? '',
    },
  );
  return answer.trim();
}
