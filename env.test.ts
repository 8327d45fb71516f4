import { describe, expect, it } from 'vitest';
import { describeEnv, parseEnv } from './env.ts';
import { UnmogrowpError } from './errors.ts';

/** What is said about an environment that cannot be used. */
function refusalOf(variables: Record<string, string>): string {
  try {
    parseEnv(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(UnmogrowpError);
    expect(error).toMatchObject({ code: 'configuration_invalid', retryable: false });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('the environment', () => {
  it('needs nothing on one machine, and an empty variable is one that is not set', () => {
    expect(parseEnv({ CLICKHOUSE_URL: '', INGEST_PORT: '' })).toEqual(parseEnv({}));
    expect(parseEnv({ KAFKA_BROKERS: 'one:9092, two:9092' }).KAFKA_BROKERS).toEqual(['one:9092', 'two:9092']);
  });

  it('takes a key of links and the one before it, and no key that is short or a third one', () => {
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    expect(parseEnv({ INCIDENT_LINK_SECRET: `${first}, ${second}` }).INCIDENT_LINK_SECRET).toEqual([first, second]);
    expect(parseEnv({ INCIDENT_LINK_SECRET: first }).INCIDENT_LINK_SECRET).toEqual([first]);
    expect(refusalOf({ INCIDENT_LINK_SECRET: `${first},` })).toContain('INCIDENT_LINK_SECRET');
    expect(refusalOf({ INCIDENT_LINK_SECRET: `${first},${second},${first}` })).toContain('at most two');
  });

  it.each([
    ['SMTP_URL', 'mail.example.org', 'is a mail server'],
    ['SMTP_FROM', 'pager', 'is an address'],
    ['INCIDENT_TOKEN', 'short', 'shorter than 16'],
    ['INCIDENT_TOKEN', 'a token with spaces in it', 'no header'],
    ['KAFKA_BROKERS', 'one:9092, two', 'is no host:port'],
    ['TEMPORAL_ADDRESS', 'temporal', 'is no host:port'],
    ['INGEST_PORT', 'http', 'is not a number'],
    ['INGEST_PORT', '99999', '65535'],
  ])('says what is wrong with %s=%s', (name, value, reason) => {
    expect(refusalOf({ [name]: value })).toMatch(new RegExp(`${name}.*${reason}`));
  });

  it('is refused with every variable that is wrong, and without its value', () => {
    const message = refusalOf({
      CLICKHOUSE_URL: 'localhost:8123',
      POSTGRES_URL: 'someone:hidden@db/x',
      INGEST_PORT: 'hidden',
      KAFKA_SSL: 'hidden',
      KAFKA_PREFIX: 'Hidden!',
      CLICKHOUSE_CLUSTER: "hidden' ENGINE",
      SMTP_URL: 'https://hidden:hidden@hidden',
      INCIDENT_LINK_SECRET: 'hidden',
    });
    for (const name of [
      'CLICKHOUSE_URL',
      'POSTGRES_URL',
      'INGEST_PORT',
      'KAFKA_SSL',
      'KAFKA_PREFIX',
      'CLICKHOUSE_CLUSTER',
      'SMTP_URL',
      'INCIDENT_LINK_SECRET.0',
    ]) {
      expect(message).toContain(`  ${name}: `);
    }
    expect(message).not.toMatch(/hidden/i);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a revoked key would live too long', { INGEST_KEY_CACHE_MS: '10001' }, 'INGEST_KEY_CACHE_MS: over 10000'],
    [
      'a stop would cut off events on their way',
      { INGEST_SHUTDOWN_TIMEOUT_MS: '5000', INGEST_PRODUCE_TIMEOUT_MS: '5000' },
      'INGEST_SHUTDOWN_TIMEOUT_MS: must exceed INGEST_PRODUCE_TIMEOUT_MS',
    ],
    ['a login has no name', { KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_MECHANISM: and KAFKA_SASL_USERNAME'],
    ['a name has no login', { KAFKA_SASL_USERNAME: 'ours' }, 'KAFKA_SASL_MECHANISM: and KAFKA_SASL_USERNAME'],
    ['a key would travel in clear', { TEMPORAL_API_KEY: 'key' }, 'TEMPORAL_TLS: must be true'],
    [
      'nobody could trust a link',
      { INCIDENT_PUBLIC_URL: 'https://ours.example' },
      'INCIDENT_PUBLIC_URL: needs INCIDENT_LINK_SECRET',
    ],
    ['a version has no deployment', { WORKER_BUILD_ID: '2' }, 'WORKER_BUILD_ID: needs WORKER_DEPLOYMENT_NAME'],
  ])('is refused as a pair when %s', (_what, variables, message) => {
    expect(refusalOf(variables)).toContain(message);
  });

  it('is described variable by variable, with its unit in the name of each number that has one', () => {
    const described = describeEnv();
    for (const { name, meaning } of described) expect(meaning, name).toMatch(/\.$/);
    const numbers = described.filter(({ fallback }) => /^\d{3,}$/.test(fallback ?? ''));
    expect(numbers.filter(({ name }) => !/_(MS|MS_MAX|BYTES_MAX|ROWS_MAX|PORT)$/.test(name))).toEqual([]);
  });
});
