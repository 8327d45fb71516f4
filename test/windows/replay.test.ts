import { beforeAll, describe, expect, it } from 'vitest';
import { WORKFLOWS, historiesOf, replay } from './histories.ts';
import { quietRuntime } from './time-skipping.ts';

beforeAll(quietRuntime);

describe.each(WORKFLOWS)('%s', (workflow) => {
  it.each(historiesOf(workflow))('a workflow that began as in %s goes on under the present code', async (file) => {
    await replay(file);
  });

  it.each(historiesOf(workflow))('a change that the workflow of %s would not survive is found', async (file) => {
    await expect(replay(file, 'test/windows/broken-twins/workflows.ts')).rejects.toThrow(/nondeterminism/i);
  });
});
