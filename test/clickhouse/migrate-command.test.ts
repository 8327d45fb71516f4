import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { testEnv, testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));

async function migrate(options: string[] = [], variables: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, ...testVariables, ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'migrate', ...options], { env });
  return stdout;
}

it('migrate makes all tables and topics, says so, and has nothing to do the second time', async () => {
  const lines = (await migrate()).trim().split('\n');
  expect(lines).toContain('postgres: 0001_tenants');
  expect(lines).toContain('clickhouse: 0001_events_raw_v1');
  expect(lines.slice(-2)).toEqual(['events', 'dead-letters'].map((name) => `kafka: ${testEnv.KAFKA_PREFIX}${name}`));
  expect(await migrate()).toBe('nothing to do\n');
  expect(JSON.parse(await migrate(['--json']))).toEqual({ postgres: [], clickhouse: [], kafka: [] });
});

it('migrate refuses another number of partitions, and says what would happen to users', async () => {
  await migrate();
  const refused = migrate([], { KAFKA_EVENTS_PARTITIONS: '16' });
  await expect(refused).rejects.toMatchObject({ code: 1 });
  await expect(refused).rejects.toThrow(/has 8 partitions, and 16 are configured.*split users.*configuration_invalid/s);
});
