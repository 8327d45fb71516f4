import { join } from 'node:path';
import { answerOf } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import type { Variables } from '../types.ts';
import { VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { type IncidentsAddress, alertmanagerFiles, writeFiles } from './alertmanager-config.ts';
import { ruleText } from './alerts-directory.ts';
import { type GoWrapper, obtainGoWrapper, planInstalledOrWrapper } from './go-wrapper.ts';
import { flags, needed, plainEnvironment, type Launch, type PartDefinition, type PrepareContext } from './part.ts';

export const ALERTMANAGER_WRAPPER: GoWrapper = {
  part: 'alertmanager',
  title: 'Alertmanager',
  program: 'github.com/prometheus/alertmanager/cmd/alertmanager',
  tools: ['github.com/prometheus/alertmanager/cmd/amtool'],
  versionVariable: 'github.com/prometheus/common/version.Version',
};

/** Alertmanager: built from its Go module, with its web page; alone, so without gossip. */
export const alertmanager: PartDefinition = {
  name: 'alertmanager',
  title: 'Alertmanager',
  variables: ['ALERTMANAGER_URL'],
  defaultPorts: { http: 9093 },
  metricsListener: 'http',
  plan: (environment) => planInstalledOrWrapper(ALERTMANAGER_WRAPPER, environment, VERSIONS_ON_PATH_MIN.alertmanager),
  obtain: (context) => obtainGoWrapper(ALERTMANAGER_WRAPPER, context),
  prepare: prepareAlertmanager,
  variablesFor: (ports) => ({ ALERTMANAGER_URL: `http://${LOOPBACK}:${ports['http']}` }),
  check: checkAlertmanager,
};

function prepareAlertmanager({ obtained, dataDirectory, ports, environment, tuning }: PrepareContext): Promise<Launch> {
  const { config, addresses } = alertmanagerFiles({
    text: ruleText('alertmanager.yaml', tuning),
    webhookUrl: environment['ALERT_WEBHOOK_URL'] || undefined,
    incidents: incidentsOf(environment) ?? (tuning.incidents === true ? 'later' : undefined),
    directUrl: environment['ALERT_DIRECT_URL'] || undefined,
    directory: dataDirectory,
  });
  const configFile = join(dataDirectory, 'alertmanager.yaml');
  writeFiles({ [configFile]: config, ...addresses });
  const address = `${LOOPBACK}:${ports['http']}`;
  return Promise.resolve({
    command: obtained.path,
    arguments: flags({
      '--config.file': configFile,
      '--storage.path': join(dataDirectory, 'state'),
      '--web.listen-address': address,
      '--web.external-url': `http://${address}`,
      '--cluster.listen-address': '',
      '--log.level': 'warn',
    }),
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  });
}

/** An incidents process that somebody else runs. */
function incidentsOf({ INCIDENT_URL: url, INCIDENT_TOKEN: token }: Variables): IncidentsAddress | undefined {
  return url && token ? { url, token } : undefined;
}

async function checkAlertmanager(environment: Variables): Promise<string> {
  const url = needed(environment, 'ALERTMANAGER_URL');
  await answerOf(`${url}/-/ready`);
  const status = JSON.parse(await answerOf(`${url}/api/v2/status`)) as { versionInfo: { version: string } };
  return status.versionInfo.version;
}
