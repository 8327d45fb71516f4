import { type DeadLetterSource, readDeadLetters } from '../../activities/read-dead-letters.ts';
import { type Env, parseEnv } from '../../env.ts';
import { toUnmogrowpError } from '../../errors.ts';
import { type KafkaAdmin, type TopicLog, createKafkaAdmin } from '../../kafka/admin.ts';
import { topicName } from '../../kafka/topics.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { kafkaAdminConfig, kafkaConnection } from '../kafka-connection.ts';
import { printProgress } from '../output.ts';

const CLIENT = 'unmogrowp-dlq';

/** What the commands about dead letters work with. */
export interface DeadLetterParts extends DeadLetterSource {
  env: Env;
  admin: KafkaAdmin;
  eventsTopic: string;
}

/** Runs one piece of work on Kafka and PostgreSQL, and closes them. */
export async function withDeadLetters<Result>(work: (parts: DeadLetterParts) => Promise<Result>): Promise<Result> {
  const env = parseEnv(process.env);
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: CLIENT });
  const admin = createKafkaAdmin(kafkaAdminConfig(env, CLIENT));
  const topic = topicName(env.KAFKA_PREFIX, 'dead-letters');
  const eventsTopic = topicName(env.KAFKA_PREFIX, 'events');
  try {
    return await work({ env, pool, admin, kafka: kafkaConnection(env, CLIENT), topic, eventsTopic });
  } finally {
    await admin.close();
    await pool.end();
  }
}

/** Reads what is new; while Kafka is away, what was known before has to do, and undefined says so. */
export async function readIfKafkaAnswers(parts: DeadLetterParts): Promise<TopicLog | undefined> {
  try {
    return await readDeadLetters(parts);
  } catch (thrown) {
    const { code, message } = toUnmogrowpError(thrown);
    if (code !== 'kafka_unavailable' && code !== 'kafka_timeout') throw thrown;
    printProgress(`Kafka does not answer (${message}): only what was known before is shown.`);
    return undefined;
  }
}
