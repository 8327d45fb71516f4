import { readdirSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import { bareEnvironment, ownStack, stackDirectory, until } from './support.ts';

const BOARDS = new URL('../../dashboards/generated', import.meta.url);
const { GRAFANA_HOME } = process.env;
/** Plugins that somebody has for it, and how it takes them. */
const OWN_SETTINGS = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('GF_')));

beforeAll(async () => {
  if (GRAFANA_HOME) await buildObservers();
}, BUILD_MS_MAX);

// It can neither be built nor fetched from a registry, so only a machine that has one can tell.
test.skipIf(!GRAFANA_HOME)(
  'an unpacked Grafana runs with our datasources and boards',
  async () => {
    const stack = await ownStack({
      directory: stackDirectory(),
      parts: ['clickhouse', 'jaeger'],
      observers: ['prometheus', 'alertmanager', 'loki', 'grafana'],
      environment: { ...bareEnvironment, ...OWN_SETTINGS, GRAFANA_HOME },
    });
    const url = stack.environment['GRAFANA_URL'] ?? '';
    const ask = async (path: string): Promise<unknown> => {
      const response = await fetch(`${url}/api/${path}`, { headers: { connection: 'close' } });
      return response.json();
    };
    const sources = (await ask('datasources')) as { uid: string; url: string }[];
    const uids = sources.map(({ uid }) => uid);
    expect(uids.toSorted()).toEqual(['alertmanager', 'clickhouse', 'jaeger', 'loki', 'prometheus']);
    const addresses = Object.fromEntries(sources.map((source) => [source.uid, source.url]));
    expect(addresses).toMatchObject({ prometheus: stack.addresses.prometheus, loki: stack.addresses.loki });
    expect(await ask('datasources/uid/prometheus/health')).toMatchObject({ status: 'OK' });

    const boards = readdirSync(BOARDS).map((file) => file.replace('.json', ''));
    const found = async () => ((await ask('search?type=dash-db')) as { uid: string }[]).map(({ uid }) => uid);
    await until(async () => (await found()).length === boards.length);
    expect((await found()).toSorted()).toEqual(boards.toSorted());
  },
  120_000,
);
