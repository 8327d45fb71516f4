import type { Command } from 'commander';
import { parseEnv } from '../../env.ts';
import { type Followed, followHistories } from '../follow-histories.ts';
import { positiveInteger } from '../number-option.ts';
import { countText, printJson, printLine, printProgress, printTable } from '../output.ts';
import { withTemporal } from '../temporal.ts';

const LIMIT_DEFAULT = 1_000;
const PROGRESS_EVERY = 100;

/** `unmogrowp deploy`: whether this version can take over what runs. */
export function register(program: Command): void {
  const deploy = program.command('deploy').description('whether this version can take over what runs');
  deploy
    .command('check')
    .description(
      'lets the workflows of this version follow the histories of what is under way; exit code 1 when one would stand still',
    )
    .option('--limit <number>', 'how many at most, the newest first', positiveInteger(6), LIMIT_DEFAULT)
    .option('--json', 'print JSON')
    .action(check);
}

async function check({ limit, json }: { limit: number; json?: boolean }): Promise<void> {
  let followed = 0;
  const refused: Followed[] = [];
  await withTemporal(parseEnv(process.env), async (client) => {
    for await (const one of followHistories(client, limit)) {
      followed += 1;
      if (one.refusal !== null) refused.push(one);
      if (followed % PROGRESS_EVERY === 0) printProgress(`${countText(followed, 'workflow')} followed`);
    }
  });
  if (json === true) printJson({ followed, refused: refused.map(toJson) });
  else print(followed, refused);
  process.exit(refused.length === 0 ? 0 : 1);
}

const toJson = ({ workflowId, runId, refusal }: Followed): Record<string, unknown> => ({
  workflow_id: workflowId,
  run_id: runId,
  refusal,
});

function print(followed: number, refused: readonly Followed[]): void {
  if (refused.length > 0) {
    printTable(
      ['workflow', 'why it would stand still'],
      refused.map(({ workflowId, refusal }) => [workflowId, refusal ?? '']),
    );
  }
  printLine(`${countText(followed, 'workflow')} under way: ${refused.length} would stand still under this version`);
}
