import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describeRun } from '../../bench/machine.ts';
import type { Outcome } from './campaign.ts';
import { CREDITED_MS_MAX, STORED_MS_MAX } from './judge.ts';
import { FAULTS } from './list.ts';

const DOCUMENT = new URL('../../docs/reliability.md', import.meta.url);

const HEAD = `# Reliability

Written by \`npm run test:faults -- --write\`; the row of a fault is replaced when it is tried again. A client sends steadily
to a real ingest and writes down which events were acknowledged. One thing goes wrong, and then two at once; afterwards
every acknowledged event must be seen by readers exactly once, what is stored must be what lies on Kafka, the credits of
every window must equal those of an undisturbed tenant that got the same events, and every process must say that it is well.

- acknowledged: different events that ingest had answered with 202, all of them while or around the fault
- lost: of those, the ones that no reader sees; double: what readers see twice, or what is stored twice from one place on Kafka
  although ClickHouse was not killed: what it loses of an insert when it is killed, the sink inserts with the whole range again
- stored: from the end of the fault until everything acknowledged is in ClickHouse and the lag is zero; at most ${STORED_MS_MAX / 1_000} s
- credits: from the end of the fault until all credits equal those of the twin; at most ${CREDITED_MS_MAX / 1_000} s, because the work of a
  dead worker is noticed by its silence
`;

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

const COLUMNS = ['fault', 'what goes wrong', 'acknowledged', 'lost', 'double', 'lasted', 'stored', 'credits', 'tried'];

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

/** An outcome as the cells of a table. */
export function cellsOf(outcome: Outcome): string[] {
  const { name, title, acknowledged, lost, double } = outcome;
  const times = [outcome.lastedMs, outcome.storedMs, outcome.creditedMs].map(seconds);
  return [name, title, String(acknowledged), String(lost), String(double), ...times];
}

/** Puts outcomes into docs/reliability.md and keeps what was found about other faults. */
export function writeDocument(outcomes: readonly Outcome[], seed: number): void {
  const run = describeRun('');
  const rows = new Map(readRows().map((row) => [row.name, row]));
  for (const outcome of outcomes) {
    rows.set(outcome.name, {
      name: outcome.name,
      cells: [...cellsOf(outcome), triedText(outcome, `${run.startedAt}, seed ${seed}`)],
    });
  }
  const order = FAULTS.map(({ name }) => name);
  const single = order.flatMap((name) => rows.get(name) ?? []);
  const pairs = [...rows.values()].filter(({ name }) => name.includes('+'));
  const missing = FAULTS.filter(({ name }) => !rows.has(name));
  const text = [
    HEAD,
    '## One at a time',
    '',
    ...table(single),
    '',
    '## Two at once',
    '',
    ...table(pairs),
    '',
    ...(missing.length === 0
      ? []
      : ['Not tried yet:', '', ...missing.map(({ name, title }) => `- \`${name}\`: ${title}`), '']),
    'One is tried again by `npm run test:faults -- --only NAME`, for longer with `--long`; the same seed gives the same events.',
    '',
    `Last written on ${run.startedAt} UTC, commit ${run.commit}. ${run.machine}.`,
    '',
  ];
  writeFileSync(DOCUMENT, text.join('\n'));
}

const triedText = ({ problems }: Outcome, text: string): string =>
  problems.length === 0 ? text : `${text}: **failed**`;

function table(rows: readonly Row[]): string[] {
  if (rows.length === 0) return ['None yet.'];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = COLUMNS.map((_, column) => (column >= 2 && column <= 7 ? '---:' : '---'));
  return [line(COLUMNS), line(rule), ...rows.map(({ cells }) => line(cells))];
}

function readRows(): Row[] {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| fault ') && !line.startsWith('| ---'))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter((cells) => cells.length === COLUMNS.length)
    .map((cells) => ({ name: cells[0] ?? '', cells }));
}
