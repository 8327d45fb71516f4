import { type ObjectiveName, OBJECTIVES } from '../objectives.ts';
import { external } from './declare.ts';

const labels = { objective: Object.keys(OBJECTIVES) as ObjectiveName[] };

const ratio = <const Window extends string>(window: Window) =>
  external({
    source: 'rules',
    kind: 'gauge',
    name: `objective:bad_events:ratio_rate${window}`,
    help: `Share of bad events of an objective in the last ${window}.`,
    labels,
  });

/** What the recording rules of `alerts/` write about the objectives. */
export const OBJECTIVE_RECORDS = {
  ratio5m: ratio('5m'),
  ratio30m: ratio('30m'),
  ratio1h: ratio('1h'),
  ratio2h: ratio('2h'),
  ratio6h: ratio('6h'),
  ratio1d: ratio('1d'),
  ratio3d: ratio('3d'),
  budgetRemaining: external({
    source: 'rules',
    kind: 'gauge',
    name: 'objective:error_budget:remaining_ratio',
    help: 'How much of the error budget of 30 days is left: 1 untouched, 0 used up, below 0 the objective is missed.',
    labels,
  }),
} as const;
