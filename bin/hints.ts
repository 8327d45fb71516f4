import type { ErrorCode } from '../errors.ts';

/** A part by the code of the error when it is away, and the variable that says where it is. */
const PARTS: Partial<Record<ErrorCode, { title: string; variable: string }>> = {
  clickhouse_unavailable: { title: 'ClickHouse', variable: 'CLICKHOUSE_URL' },
  clickhouse_timeout: { title: 'ClickHouse', variable: 'CLICKHOUSE_URL' },
  postgres_unavailable: { title: 'Postgres', variable: 'POSTGRES_URL' },
  kafka_unavailable: { title: 'Kafka', variable: 'KAFKA_BROKERS' },
  kafka_timeout: { title: 'Kafka', variable: 'KAFKA_BROKERS' },
  temporal_unavailable: { title: 'Temporal', variable: 'TEMPORAL_ADDRESS' },
  incidents_unavailable: { title: 'The incidents process', variable: 'INCIDENT_URL' },
};

/** What a person does next about an error whose message cannot know it: where the part was looked for, and by whose word. */
export function hintOf(code: ErrorCode, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const part = PARTS[code];
  if (part === undefined) return undefined;
  const address = environment[part.variable];
  return address
    ? `${part.title} is looked for at ${withoutPassword(address)} (${part.variable}). What is up: unmogrowp status`
    : `${part.variable} is not set, and no stack is known to run here. Start one: unmogrowp up; or set where ${part.title} is.`;
}

/** `scheme://user:secret@host` without the secret. */
const withoutPassword = (address: string): string => address.replace(/(\/\/[^/:@]*):[^@/]*@/, '$1:***@');
