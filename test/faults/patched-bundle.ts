/** Takes the place of `bin/workflow-bundle.ts` in a worker of the next release. */
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { loadWorkflowBundle as load } from '../../bin/workflow-bundle.ts';
import { withTimerFirst } from '../support/timer-first.ts';

export { workflowFingerprint } from '../../bin/workflow-bundle.ts';

/** The workflows, of which one has got a patch. */
export const loadWorkflowBundle = async (plugin: OpenTelemetryPlugin): Promise<{ code: string }> =>
  withTimerFirst(await load(plugin));
