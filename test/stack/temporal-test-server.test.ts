import { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { obtainTemporalTestServer } from '../../stack/temporal-test-server.ts';

test('days of a workflow pass in a moment on the time-skipping server', async () => {
  const path = await obtainTemporalTestServer(process.env);
  const executable = { type: 'existing-path', path } as const;
  const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  try {
    const before = await environment.currentTimeMs();
    await environment.sleep('30 days');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(30 * 86_400_000);
  } finally {
    await environment.teardown();
  }
}, 120_000);
