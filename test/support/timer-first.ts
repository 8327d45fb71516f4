import { readFileSync } from 'node:fs';
import type { WorkflowBundleOption } from '@temporalio/worker';

const RUN_WINDOW =
  /(var (_temporalio_workflow__WEBPACK_IMPORTED_MODULE_\d+__) = (?:(?!var _temporalio_workflow__\w+__ = )[\s\S])*?async function runWindow\([^\n]*\{\n)/;

/** The script of some workflows with one change; fails when it holds nothing that fits. */
export function changedScript(bundle: WorkflowBundleOption, from: RegExp, to: string): { code: string } {
  const code = 'code' in bundle ? bundle.code : readFileSync(bundle.codePath, 'utf8');
  if (!from.test(code)) throw new Error(`the workflows hold no ${from.source}`);
  return { code: code.replace(from, to) };
}

/** The workflows of a release in which a run begins with a timer, behind a patch. */
export const withTimerFirst = (bundle: WorkflowBundleOption): { code: string } =>
  changedScript(bundle, RUN_WINDOW, "$1 if ((0,$2.patched)('a-timer-first')) await (0,$2.sleep)(1);");
