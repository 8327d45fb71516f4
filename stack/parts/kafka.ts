import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SaslMechanism } from '../../kafka/connection.ts';
import { LOOPBACK } from '../ports.ts';
import { findOnPath } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { archiveArguments, classPathOf, formatStorage, obtainKafka, planKafka } from './kafka-jars.ts';
import { serverProperties } from './kafka-properties.ts';
import { countBrokers } from './kafka-probe.ts';
import { needed, plainEnvironment, type Launch, type PartDefinition, type PrepareContext } from './part.ts';

const HEAP_MEGABYTES_MAX_DEFAULT = 256;
const CONNECT_TIMEOUT_MS = 3_000;
const BROKER_PORT_DEFAULT = 9092;

/** Kafka: one broker that is its own controller, from Maven's jars or an installed distribution. */
export const kafka: PartDefinition = {
  name: 'kafka',
  title: 'Kafka',
  variables: ['KAFKA_BROKERS'],
  defaultPorts: { broker: BROKER_PORT_DEFAULT, controller: 9093 },
  plan: (environment) => Promise.resolve(planKafka(environment)),
  obtain: obtainKafka,
  prepare: prepareKafka,
  variablesFor: (ports) => ({ KAFKA_BROKERS: `${LOOPBACK}:${ports['broker']}` }),
  check: checkKafka,
};

async function prepareKafka(context: PrepareContext): Promise<Launch> {
  const { obtained, dataDirectory, logDirectory, ports, environment, tuning, report, signal } = context;
  mkdirSync(dataDirectory, { recursive: true });
  const propertiesFile = join(dataDirectory, 'server.properties');
  const { kafkaAdvertisedPort: advertisedPort } = tuning;
  const advertised = advertisedPort === undefined ? {} : { advertisedPort };
  writeFileSync(propertiesFile, serverProperties({ dataDirectory, ports, ...advertised }));
  const classPath = classPathOf(obtained.path);
  if (!existsSync(join(dataDirectory, 'metadata', 'meta.properties'))) {
    report('preparing', 'the storage of a new broker');
    const logFile = join(logDirectory, 'kafka-format.log');
    await formatStorage({ classPath, propertiesFile, environment, logFile, signal });
  }
  const heap = tuning.kafkaHeapMegabytesMax ?? HEAP_MEGABYTES_MAX_DEFAULT;
  return {
    command: needed({ java: findOnPath('java', environment) }, 'java'),
    arguments: [
      `-Xmx${heap}m`,
      '-Xms128m',
      '-XX:+UseSerialGC',
      // The quick compiler alone starts faster and needs less memory; full compilation pays off under load only.
      ...(tuning.kafkaCompileFully === true ? [] : ['-XX:TieredStopAtLevel=1']),
      ...archiveArguments(obtained.path),
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
      '-cp',
      classPath,
      'kafka.Kafka',
      propertiesFile,
    ],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
  };
}

async function checkKafka(environment: Variables): Promise<undefined> {
  const secured = environment['KAFKA_SSL'] === 'true' || Boolean(environment['KAFKA_SASL_MECHANISM']);
  const brokers = secured ? await countSecuredBrokers(environment) : await countPlainBrokers(environment);
  if (brokers === 0) throw new Error('the cluster has no broker yet');
}

/** Any one of the brokers is enough, as it is for a client. */
function countPlainBrokers(environment: Variables): Promise<number> {
  return Promise.any(
    brokersOf(environment).map((broker) => {
      const { hostname, port } = new URL(`tcp://${broker}`);
      return countBrokers(hostname, Number(port) || BROKER_PORT_DEFAULT);
    }),
  );
}

async function countSecuredBrokers(environment: Variables): Promise<number> {
  // Loaded only here: a broker of our own never needs it.
  const { createKafkaAdmin } = await import('../../kafka/admin.ts');
  const mechanism = environment['KAFKA_SASL_MECHANISM'] as SaslMechanism | undefined;
  const { KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = environment;
  const admin = createKafkaAdmin({
    clientId: 'unmogrowp-stack',
    brokers: brokersOf(environment),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    requestTimeoutMs: CONNECT_TIMEOUT_MS,
    tls: environment['KAFKA_SSL'] === 'true',
    ...(mechanism ? { sasl: { mechanism, username, password } } : {}),
    topics: [],
  });
  try {
    return await admin.countBrokers();
  } finally {
    await admin.close();
  }
}

function brokersOf(environment: Variables): string[] {
  return needed(environment, 'KAFKA_BROKERS')
    .split(',')
    .map((broker) => broker.trim());
}
