import { readFileSync, readdirSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import { testPlugin } from './time-skipping.ts';

export const WORKFLOWS = ['window', 'reconcile', 'audit'] as const;
export type WorkflowName = (typeof WORKFLOWS)[number];

/** Where recorded histories are kept: `<workflow>-<number>.json`, oldest first. */
export const HISTORIES = new URL('../../workflows/histories/', import.meta.url);

/** The files with histories of a workflow. */
export const historiesOf = (workflow: WorkflowName): string[] =>
  readdirSync(HISTORIES).filter((file) => file.startsWith(`${workflow}-`));

/** Lets the workflows of an entry file live through a recorded history; rejects where they decide anything else. */
export async function replay(file: string, entry?: string): Promise<void> {
  const history: unknown = JSON.parse(readFileSync(new URL(file, HISTORIES), 'utf8'));
  const workflowBundle = await loadWorkflowBundle(testPlugin, entry === undefined ? {} : { entry });
  await Worker.runReplayHistory({ workflowBundle, plugins: [testPlugin] }, history);
}
