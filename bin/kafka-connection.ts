import type { Env } from '../env.ts';
import type { KafkaAdminConfig } from '../kafka/admin.ts';
import type { KafkaConnection } from '../kafka/connection.ts';
import { planTopics } from '../kafka/topics.ts';

/** How the environment says that Kafka is reached. */
export function kafkaConnection(env: Env, clientId: string): KafkaConnection {
  const { KAFKA_SASL_MECHANISM: mechanism } = env;
  const { KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = env;
  return {
    brokers: env.KAFKA_BROKERS,
    clientId,
    tls: env.KAFKA_SSL,
    ...(mechanism === undefined ? {} : { sasl: { mechanism, username, password } }),
  };
}

/** The same for the administration, with the topics as they have to be. */
export function kafkaAdminConfig(env: Env, clientId: string): KafkaAdminConfig {
  const topics = planTopics({
    prefix: env.KAFKA_PREFIX,
    partitions: env.KAFKA_EVENTS_PARTITIONS,
    retentionMs: env.KAFKA_EVENTS_RETENTION_MS,
    replicationFactor: env.KAFKA_REPLICATION_FACTOR,
    deadLetters: { retentionMs: env.KAFKA_DEAD_LETTERS_RETENTION_MS, bytesMax: env.KAFKA_DEAD_LETTERS_BYTES_MAX },
  });
  return { ...kafkaConnection(env, clientId), topics };
}
