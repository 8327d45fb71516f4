/**
 * `npm run pipeline`: the whole platform with everything that watches it and a seeded workload, until Ctrl-C; for looking
 * at boards, rules and commands with something in them. Prints the variables by which other programs reach it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../../bin/interruption.ts';
import { printLine, printProgress } from '../../bin/output.ts';
import { provokeIncidents } from './panel-incidents.ts';
import { openPipeline } from './pipeline.ts';
import { sendWorkload, startLoad } from './workload.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '5' }, load: { type: 'string', default: '0' } },
});
const seed = Number(values.seed);
const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-pipeline-'));
const interruption = onInterruption('The pipeline');
const { signal } = interruption;
try {
  printProgress(`seed ${seed}; parts, processes and logs in ${directory}`);
  const pipeline = await openPipeline({ directory, signal, seed });
  try {
    await sendWorkload(pipeline.stage, { seed, signal, onProgress: printProgress });
    printProgress('people are told of incidents');
    await provokeIncidents(pipeline, signal);
    for (const [name, value] of Object.entries(pipeline.variables)) printLine(`export ${name}='${value}'`);
    if (pipeline.grafanaUrl !== undefined) printLine(`export GRAFANA_URL='${pipeline.grafanaUrl}'`);
    const requestsPerSecond = Number(values.load);
    const load =
      requestsPerSecond === 0
        ? undefined
        : await startLoad(pipeline.stage, { seed, tenantId: 'load', requestsPerSecond, events: 100_000 });
    printProgress('Running. Ctrl-C stops everything.');
    await once(signal, 'abort');
    load?.stop();
  } finally {
    printProgress('stopping');
    await pipeline.stop();
  }
} catch (error) {
  if (!signal.aborted) throw error;
  process.exitCode = INTERRUPTED_EXIT_CODE;
} finally {
  interruption.close();
  rmSync(directory, { recursive: true, force: true });
}
