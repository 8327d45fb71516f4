import type { BaseOptions } from '@platformatic/kafka';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/** How a process reaches Kafka; the same for every client in this folder. */
export interface KafkaConnection {
  brokers: readonly string[];
  /** Shown in the broker's logs and quotas. */
  clientId: string;
  tls?: boolean;
  sasl?: { mechanism: SaslMechanism; username: string; password: string };
  connectTimeoutMs?: number;
  /** How long a broker may take for one request. */
  requestTimeoutMs?: number;
}

const SASL_NAMES = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const;

/** The client library's options for a connection; topics are never made by accident. */
export function clientOptions(connection: KafkaConnection): BaseOptions {
  const { sasl, requestTimeoutMs = 5_000, connectTimeoutMs = 2_000 } = connection;
  return {
    clientId: connection.clientId,
    bootstrapBrokers: [...connection.brokers],
    autocreateTopics: false,
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    timeout: requestTimeoutMs,
    ...(connection.tls === true ? { tls: {} } : {}),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: SASL_NAMES[sasl.mechanism] } }),
  };
}
