import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { WindowPhase } from './messages.ts';
import type { WindowLife } from './window.ts';

const STATE = defineSearchAttributeKey('UnmogrowpWindowState', SearchAttributeType.KEYWORD);

/** Makes a phase visible: to `describe`, and to lists by the search attribute. */
export function showPhase(
  life: WindowLife,
  phase: WindowPhase,
  more: { waitsFor: string; untilMs: number | null },
): void {
  life.waitsFor = more.waitsFor;
  life.deadlineMs = more.untilMs;
  if (life.phase === phase) return;
  life.phase = phase;
  life.phaseSinceMs = Date.now();
  upsertSearchAttributes([{ key: STATE, value: phase }]);
}
