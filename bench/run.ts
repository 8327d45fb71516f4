import { parseArgs } from 'node:util';
import { INTERRUPTED_EXIT_CODE } from '../bin/interruption.ts';
import type { Bench, BenchReport } from './bench.ts';
import { writeSection } from './document.ts';
import { benchFreshness } from './freshness.ts';
import { benchIngest } from './ingest.ts';
import { describeRun } from './machine.ts';
import { benchOpenWindows } from './open-windows.ts';
import { renderReport } from './render.ts';
import { benchReopen } from './reopen.ts';
import { benchReplay } from './replay.ts';
import { benchSink } from './sink.ts';
import { benchTelemetry } from './telemetry.ts';
import { benchWindow } from './window.ts';

/** In the order of an event's way. */
const BENCHES: Readonly<Record<string, Bench>> = {
  ingest: benchIngest,
  sink: benchSink,
  window: benchWindow,
  freshness: benchFreshness,
  reopen: benchReopen,
  replay: benchReplay,
  'open-windows': benchOpenWindows,
  telemetry: benchTelemetry,
};

const USAGE = `npm run bench [-- [names…] [--quick]]
  names    ${Object.keys(BENCHES).join(', ')}; all of them when none is given
  --quick  short rounds that only show that the benches work; docs/benchmarks.md is left as it is
`;

/** Runs the benches one after the other and puts what they give into docs/benchmarks.md; exit code 1 when one breaks. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => BENCHES[name] === undefined);
  if (values.help || unknown.length > 0) {
    process.stderr.write(unknown.length > 0 ? `unknown bench: ${unknown.join(', ')}\n${USAGE}` : USAGE);
    return unknown.length > 0 ? 2 : 0;
  }
  let broken = 0;
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const report = await runBench(name, bench, values.quick);
    if (report === undefined) broken += 1;
  }
  return broken === 0 ? 0 : 1;
}

async function runBench(name: string, bench: Bench, quick: boolean): Promise<BenchReport | undefined> {
  process.stderr.write(`== ${name}\n`);
  const run = describeRun(name);
  const started = performance.now();
  try {
    const report = await bench({ quick, onProgress: (text) => process.stderr.write(`   ${text}\n`) });
    const text = renderReport(report, { ...run, seconds: (performance.now() - started) / 1_000 });
    process.stdout.write(`${text}\n`);
    if (!quick) writeSection(name, text, Object.keys(BENCHES));
    return report;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return undefined;
  }
}

// Parts end with whoever started them; this lets children end as well.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(INTERRUPTED_EXIT_CODE));
}
process.exit(await main());
