import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerOf } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import { outputOf } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { scrapeInterval } from './alerts-directory.ts';
import {
  needed,
  plainEnvironment,
  type Launch,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';

const DASHBOARDS = fileURLToPath(new URL('../../dashboards', import.meta.url));
/** The board that shows whether all is well. */
const HOME_BOARD = join(DASHBOARDS, 'generated', 'unmogrowp-pipeline.json');
const GRAFANA_VARIABLE = /^GF_/;

/** Grafana: an unpacked one of the user's, for it is to be had neither from a registry nor by a build of ours. */
export const grafana: PartDefinition = {
  name: 'grafana',
  title: 'Grafana',
  variables: ['GRAFANA_URL'],
  defaultPorts: { http: 3000 },
  metricsListener: 'http',
  after: ['clickhouse', 'jaeger', 'prometheus', 'alertmanager', 'loki'],
  plan: planGrafana,
  obtain: ({ plan }) => Promise.resolve({ source: 'path', version: plan.version, path: plan.path ?? '' }),
  prepare: prepareGrafana,
  variablesFor: (ports) => ({ GRAFANA_URL: `http://${LOOPBACK}:${ports['http']}` }),
  check: checkGrafana,
};

/** Whether there is a Grafana to start or to look at. */
export const hasGrafana = (environment: Variables): boolean =>
  Boolean(environment['GRAFANA_HOME'] || environment['GRAFANA_URL']);

async function planGrafana(environment: Variables): Promise<PartPlan> {
  const home = environment['GRAFANA_HOME'];
  const absent = { source: 'path', version: '', tools: [] } as const;
  if (!home) return { ...absent, impossible: 'set GRAFANA_HOME to the folder of an unpacked one' };
  const program = join(home, 'bin', 'grafana');
  if (!existsSync(program))
    return { ...absent, impossible: `${program} does not exist, so GRAFANA_HOME is no Grafana` };
  const version = /version (\S+)/.exec(await outputOf(program, ['--version'], environment))?.[1] ?? '';
  return { source: 'path', version, path: home, tools: [] };
}

function prepareGrafana(context: PrepareContext): Promise<Launch> {
  const { obtained, dataDirectory, ports, environment } = context;
  mkdirSync(dataDirectory, { recursive: true });
  const configFile = join(dataDirectory, 'grafana.ini');
  writeFileSync(configFile, settings(dataDirectory, ports['http'] ?? 0));
  return Promise.resolve({
    command: join(obtained.path, 'bin', 'grafana'),
    arguments: ['server', '--homepath', obtained.path, '--config', configFile],
    // What somebody sets for Grafana itself, such as the folder of its plugins, comes before our own.
    environment: {
      ...plainEnvironment(environment),
      ...grafanaVariables(environment),
      ...datasourceVariables(context),
    },
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  });
}

const grafanaVariables = (environment: Variables): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      GRAFANA_VARIABLE.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );

/** What `dashboards/provisioning` asks of the environment; the container gets the same from its compose file. */
function datasourceVariables({ addresses, tuning }: PrepareContext): Record<string, string> {
  const clickhouse = new URL(addresses['CLICKHOUSE_URL'] || 'http://127.0.0.1:8123');
  const urls = ['PROMETHEUS_URL', 'ALERTMANAGER_URL', 'LOKI_URL', 'JAEGER_QUERY_URL'];
  return {
    ...Object.fromEntries(urls.map((name) => [name, addresses[name] ?? ''])),
    CLICKHOUSE_HOST: clickhouse.hostname,
    CLICKHOUSE_HTTP_PORT: clickhouse.port || (clickhouse.protocol === 'https:' ? '443' : '80'),
    CLICKHOUSE_DATABASE: addresses['CLICKHOUSE_DATABASE'] || 'unmogrowp',
    GRAFANA_CLICKHOUSE_PASSWORD: addresses['GRAFANA_CLICKHOUSE_PASSWORD'] ?? '',
    SCRAPE_INTERVAL: scrapeInterval(tuning),
    BOARDS_DIRECTORY: join(DASHBOARDS, 'generated'),
  };
}

/** On loopback only, so nobody logs in; it asks nobody on the network for anything. */
const settings = (dataDirectory: string, port: number): string => `[server]
http_addr = ${LOOPBACK}
http_port = ${port}
[paths]
data = ${join(dataDirectory, 'data')}
logs = ${join(dataDirectory, 'logs')}
provisioning = ${join(DASHBOARDS, 'provisioning')}
[auth]
disable_login_form = true
[auth.anonymous]
enabled = true
org_role = Admin
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
feedback_links_enabled = false
[news]
news_feed_enabled = false
[snapshots]
external_enabled = false
[security]
disable_gravatar = true
[dashboards]
${existsSync(HOME_BOARD) ? `default_home_dashboard_path = ${HOME_BOARD}` : ''}
[date_formats]
default_timezone = UTC
[metrics]
enabled = true
[log]
mode = console
level = warn
`;

async function checkGrafana(environment: Variables): Promise<string> {
  const answer = await answerOf(`${needed(environment, 'GRAFANA_URL')}/api/health`);
  const health = JSON.parse(answer) as { database: string; version: string };
  if (health.database !== 'ok') throw new Error(`its database is ${health.database}`);
  return health.version;
}
