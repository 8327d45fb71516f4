/** Takes the place of `bin/workflow-bundle.ts` in a worker whose release has changed workflows carelessly. */
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type LoadedBundle, loadWorkflowBundle as load } from '../../../bin/workflow-bundle.ts';

export { workflowFingerprint } from '../../../bin/workflow-bundle.ts';

/** The workflows, each with a timer in front that those under way do not know. */
export const loadWorkflowBundle = (plugin: OpenTelemetryPlugin): Promise<LoadedBundle> =>
  load(plugin, { entry: 'test/windows/broken-twins/workflows.ts' });
