import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { kafkaAdminConfig, kafkaConnection } from '../../bin/kafka-connection.ts';
import { parseEnv } from '../../env.ts';
import { createKafkaAdmin } from '../../kafka/admin.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { topicName } from '../../kafka/topics.ts';
import { runBuildCommand } from '../../stack/cache.ts';
import { waitUntilHealthy } from '../../stack/health.ts';
import { archiveArguments, classPathOf, newClusterId, obtainKafka, planKafka } from '../../stack/parts/kafka-jars.ts';
import { serverProperties } from '../../stack/parts/kafka-properties.ts';
import { kafka } from '../../stack/parts/kafka.ts';
import { openPortBook } from '../../stack/ports.ts';
import { findOnPath } from '../../stack/toolchain.ts';

const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-secured-kafka-test-'));
const { signal } = new AbortController();
const PASSWORD = 'password-of-ours';
const LOGIN = 'org.apache.kafka.common.security';

/** Settings of a broker that lets nobody in without a password, by each mechanism that we offer. */
const security = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  'security.inter.broker.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.sasl_plaintext.plain.sasl.jaas.config': `${LOGIN}.plain.PlainLoginModule required username="broker" password="x" user_broker="x" user_ours="${PASSWORD}";`,
  'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
  'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
};

let broker: ChildProcess | undefined;
afterAll(async () => {
  if (broker !== undefined && broker.exitCode === null) {
    broker.kill('SIGKILL');
    await once(broker, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
});

const address = await startSecuredBroker();

async function startSecuredBroker(): Promise<string> {
  const logFile = join(directory, 'broker.log');
  const context = { plan: planKafka(process.env), environment: process.env, logFile, report: () => undefined, signal };
  const { path } = await obtainKafka(context);
  const ports = await openPortBook({ file: join(directory, 'ports.json'), preferDefaults: false }).choose('kafka', {
    broker: 0,
    controller: 0,
  });
  const dataDirectory = join(directory, 'data');
  mkdirSync(dataDirectory);
  const propertiesFile = join(directory, 'server.properties');
  const open = serverProperties({ dataDirectory, ports }).replaceAll(/PLAINTEXT(:\/\/|:P)/g, 'SASL_PLAINTEXT$1');
  const closed = open.replace('SASL_PLAINTEXT:PLAINTEXT', 'SASL_PLAINTEXT:SASL_PLAINTEXT');
  const lines = Object.entries(security).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(propertiesFile, closed + lines.join(''));
  const java = findOnPath('java', process.env) ?? '';
  const machine = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...archiveArguments(path), '-cp', classPathOf(path)];
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => [
    '--add-scram',
    `${name}=[name=ours,password=${PASSWORD}]`,
  ]);
  const format = ['format', '--standalone', '-t', newClusterId(), '-c', propertiesFile, ...scram];
  await runBuildCommand({
    title: 'The storage of Kafka',
    command: java,
    arguments: [...machine, 'kafka.tools.StorageTool', ...format],
    workingDirectory: directory,
    environment: process.env,
    logFile,
    signal,
  });
  const started = spawn(java, ['-Xmx256m', ...machine, 'kafka.Kafka', propertiesFile], { stdio: 'ignore' });
  broker = started;
  const found = `127.0.0.1:${ports['broker']}`;
  await waitUntilHealthy({
    check: () => kafka.check(variablesOf('plain', PASSWORD, found)),
    timeoutMs: 60_000,
    giveUp: () => (started.exitCode === null ? undefined : 'the broker ended'),
  });
  return found;
}

function variablesOf(mechanism: string, password: string, brokers = address): Record<string, string> {
  return {
    KAFKA_BROKERS: brokers,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: 'ours',
    KAFKA_SASL_PASSWORD: password,
    KAFKA_PREFIX: `test-${mechanism}-`,
  };
}

test.for(['plain', 'scram-sha-256', 'scram-sha-512'])(
  'a cluster that asks for a password by %s is used',
  async (mechanism) => {
    const env = parseEnv(variablesOf(mechanism, PASSWORD));
    const admin = createKafkaAdmin(kafkaAdminConfig(env, 'test'));
    const producer = createRecordProducer(kafkaConnection(env, 'test'));
    const events = topicName(env.KAFKA_PREFIX, 'events');
    try {
      expect(await admin.ensureTopics()).toContain(events);
      await producer.produce(events, [{ partition: 0, value: Buffer.from('one'), headers: {} }], { timeoutMs: 10_000 });
      expect((await admin.endOffsets(events))[0]).toBe(1);
    } finally {
      await Promise.all([admin.close(), producer.close()]);
    }
  },
);

test('a wrong password is told as the reason, and shown to nobody', async () => {
  const variables = variablesOf('scram-sha-512', 'wrong-password');
  const admin = createKafkaAdmin(kafkaAdminConfig(parseEnv(variables), 'test'));
  const failures = [admin.countBrokers(), kafka.check(variables)].map((call) =>
    call.then(
      () => 'let in',
      (error: Error) => error.message,
    ),
  );
  for (const message of await Promise.all(failures)) {
    expect(message).toContain('SASL authentication failed');
    expect(message).not.toContain('wrong-password');
  }
  expect(await admin.isHealthy()).toBe(false);
  await admin.close();
});
