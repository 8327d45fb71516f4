import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type ClickHouseConfig } from '../../clickhouse/client.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import { clickhouseConfig } from './setup.ts';

/** A server of one test file: killing it must not touch the tests beside it. */
export interface OwnClickHouse {
  /** It keeps its address when it is started again. */
  readonly url: string;
  readonly config: ClickHouseConfig;
  /** Kills it with `kill -9` and starts it again; `whileDead` is called in between. */
  killAndRestart(whileDead?: () => void): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server in a folder of its own, with our tables. */
export async function startOwnClickHouse(name: string): Promise<OwnClickHouse> {
  const directory = mkdtempSync(join(tmpdir(), `unmogrowp-${name}-test-`));
  const environment = { ...process.env, CLICKHOUSE_URL: undefined };
  const start = (): Promise<Stack> => startStack({ directory, parts: ['clickhouse'], environment, freePorts: true });
  let stack = await start();
  const url = stack.environment['CLICKHOUSE_URL'] ?? '';
  const config = { ...clickhouseConfig, url };
  await migrateClickHouse(config, { cluster: '' });
  return {
    url,
    config,
    async killAndRestart(whileDead) {
      process.kill(stack.parts.find((part) => part.name === 'clickhouse')?.pid ?? 0, 'SIGKILL');
      await stack.stop();
      whileDead?.();
      stack = await start();
      expect(stack.environment['CLICKHOUSE_URL']).toBe(url);
    },
    async stop() {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
