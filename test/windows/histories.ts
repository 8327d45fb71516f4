import { readFileSync, readdirSync } from 'node:fs';
import { type WorkflowBundleOption, Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import { changedScript } from '../support/timer-first.ts';
import { testPlugin } from './time-skipping.ts';

/** Where recorded histories are kept: `<workflow>-<life>-<number>.json`. */
export const HISTORIES = new URL('../../workflows/histories/', import.meta.url);

/** The recorded histories of some workflows, by their file. */
export const historiesOf = (workflows: readonly string[]): string[] =>
  readdirSync(HISTORIES).filter(
    (file) => file.endsWith('.json') && workflows.some((name) => file.startsWith(`${name}-`)),
  );

/** What a file says; as much of it as tests ask for. */
export interface RecordedHistory {
  events: {
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
    markerRecordedEventAttributes?: { markerName: string; details: { data: { payloads: { data: string }[] } } };
    workflowExecutionSignaledEventAttributes?: { signalName: string };
    workflowExecutionUpdateAcceptedEventAttributes?: { acceptedRequest: { input: { name: string } } };
    workflowExecutionContinuedAsNewEventAttributes?: object;
  }[];
}

/** The history of a file. */
export const readHistory = (file: string): RecordedHistory =>
  JSON.parse(readFileSync(new URL(file, HISTORIES), 'utf8')) as RecordedHistory;

/** The activities that a history shows, those inside of workflow tasks among them. */
export function activitiesOf({ events }: RecordedHistory): string[] {
  return events.flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType.name;
    if (scheduled !== undefined) return [scheduled];
    const marker = event.markerRecordedEventAttributes;
    if (marker?.markerName !== 'core_local_activity') return [];
    const data = Buffer.from(marker.details.data.payloads[0]?.data ?? '', 'base64').toString();
    return [(JSON.parse(data) as { activity_type: string }).activity_type];
  });
}

/** The workflows of an entry file, as one script. */
export const bundleOf = (entry?: string): Promise<WorkflowBundleOption> =>
  loadWorkflowBundle(testPlugin, entry === undefined ? {} : { entry });

/** The present workflows with one change in their script. */
export const changedBundle = async (from: RegExp, to: string, entry?: string): Promise<WorkflowBundleOption> =>
  changedScript(await bundleOf(entry), from, to);

/** Lets workflows live through a recorded history; rejects where they decide anything else. */
export async function replay(file: string, workflowBundle: WorkflowBundleOption): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle, plugins: [testPlugin] }, readHistory(file));
}
