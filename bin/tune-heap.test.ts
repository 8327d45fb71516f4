import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = `
  import ${JSON.stringify(new URL('./tune-heap.ts', import.meta.url).href)};
  import { executionAsyncResource } from 'node:async_hooks';
  const tick = () => new Promise((resolve) => process.nextTick(() => resolve(executionAsyncResource())));
  await tick();
  for (let collection = 0; collection < 5; collection += 1) gc();
  console.log(%HaveSameMap(globalThis.unmogrowpKeptTick, await tick()));
`;

it('the shape of the objects of nextTick outlives full collections', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--allow-natives-syntax',
    '--input-type=module',
    '--eval',
    SCRIPT,
  ]);
  expect(stdout).toBe('true\n');
});
