import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../../bin/interruption.ts';
import { printLine, printProgress } from '../../bin/output.ts';
import { type Pipeline, type PipelineOptions, openPipeline } from './pipeline.ts';
import { type ProofName, type ProofSection, writeProof } from './report.ts';

/** What a proof works with. */
export interface ProofContext {
  readonly pipeline: Pipeline;
  readonly seed: number;
  readonly isLong: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

const WRONG_OPTIONS_EXIT_CODE = 2;

const usage = (name: ProofName): string => `npm run prove:${name} [-- options]
  --seed N   another seed gives other events
  --long     more of them, for longer

Exit codes: 0 all is proven, 1 something is not, 2 wrong options, 130 interrupted.
`;

/** What was asked for; undefined when that was only how to ask. */
function readOptions(name: ProofName): { seed: number; isLong: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '5' },
        long: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`--seed ${values.seed} is not a whole number`);
    if (!values.help) return { seed: Number(values.seed), isLong: values.long };
    process.stdout.write(usage(name));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(name)}`);
    process.exitCode = WRONG_OPTIONS_EXIT_CODE;
  }
  return undefined;
}

/**
 * Runs one proof on a pipeline of its own, writes its section into docs/proof.md, and ends with exit code 1 when something
 * was not proven. Options: `--seed N`, `--long`.
 */
export async function runProof(
  name: ProofName,
  options: Pick<PipelineOptions, 'settings' | 'scrapeIntervalMs' | 'alertsDirectory' | 'told'>,
  prove: (context: ProofContext) => Promise<ProofSection>,
): Promise<void> {
  const asked = readOptions(name);
  if (asked === undefined) return;
  const { seed, isLong } = asked;
  const directory = mkdtempSync(join(tmpdir(), `unmogrowp-prove-${name}-`));
  const interruption = onInterruption('The proof');
  const { signal } = interruption;
  try {
    printProgress(`seed ${seed}; parts, processes and logs in ${directory}`);
    const pipeline = await openPipeline({ directory, signal, seed, ...options });
    try {
      const section = await prove({ pipeline, seed, isLong, signal, onProgress: printProgress });
      writeProof(name, { ...section, ...(isLong ? { options: '--long' } : {}) });
      printLine(section.summary);
      for (const problem of section.problems) printLine(`  ${problem}`);
      process.exitCode = section.problems.length === 0 ? 0 : 1;
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
}
