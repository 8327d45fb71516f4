import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parseEnv } from '../../env.ts';
import { kafkaWithTopic, migratedPool } from '../ingest/setup.ts';
import { startIngest } from '../ingest/ingest-process.ts';
import { testEnv, testVariables } from '../support/parts.ts';
import { ROOT, readPage } from './markdown.ts';

const { blocks } = readPage('README.md');

await migratedPool(testEnv);
await kafkaWithTopic(testEnv);

test('the example of README.md, typed as it stands there, is answered as it says', async () => {
  const created = shell(blockWith('tenant create').split('\n')[0] ?? '', testVariables);
  const writeKey = created.trim().split('\n').at(-1) ?? '';
  expect(writeKey).toMatch(/^umg_/);
  const ingest = await startIngest('node');
  try {
    const curl = blockWith('curl ');
    const address = `http://127.0.0.1:${parseEnv({}).INGEST_PORT}`;
    expect(curl).toContain(`${address}/v1/events`);
    const answer: unknown = JSON.parse(shell(curl.replace(address, ingest.url), { UNMOGROWP_WRITE_KEY: writeKey }));
    const printed = JSON.parse(blockWith('"rejected"')) as Record<string, unknown>;
    expect(printed['trace_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer).toEqual({ ...printed, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
  } finally {
    expect(await ingest.end('SIGTERM')).toBe(0);
  }
});

function blockWith(needle: string): string {
  const block = blocks.find(({ text }) => text.includes(needle));
  if (block === undefined) throw new Error(`README.md has no block with ${needle}`);
  return block.text;
}

function shell(command: string, variables: Record<string, string>): string {
  const result = spawnSync('bash', ['-c', command], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    encoding: 'utf8',
  });
  expect(result.status, result.stderr).toBe(0);
  return result.stdout;
}
