import { series } from '../otel/promql.ts';
import { PROCESS_METRICS } from '../otel/registry/process.ts';
import type { Marks } from './board.ts';
import { metric, rows, seldom } from './queries.ts';

/** Processes that were started: a deploy, or a crash. */
const starts: Marks = {
  name: 'Starts and deploys',
  color: 'purple',
  query: metric(
    `${series(PROCESS_METRICS.build)} * on (job, instance) group_left () (${series(PROCESS_METRICS.processStart)} * 1000)`,
  ),
  titleFormat: '{{job}} started',
  textFormat: 'version {{version}} on {{instance}}',
};

/** Replays, from their first window to their last. */
const replays: Marks = { name: 'Replays', color: 'orange', query: rows('marks/replays') };

/** What somebody asks first when a line bends: what changed. */
export const CHANGES: readonly Marks[] = [starts, replays];

/** When published numbers were corrected. */
export const CORRECTIONS: Marks = {
  name: 'Corrections',
  color: 'yellow',
  query: seldom(rows('marks/corrections'), 'nothing late came, and nothing was replayed'),
};
