import { existsSync, readFileSync } from 'node:fs';
import { describeRun } from '../../../bench/machine.ts';
import { writeProof } from '../report.ts';
import { PROOFS } from './list.ts';
import type { AlertOutcome } from './try-scenario.ts';

const DOCUMENT = new URL('../../../docs/proof.md', import.meta.url);
const PROVEN = 'yes';

interface WriteOptions {
  readonly withPages: boolean;
  readonly timeScale: number;
}

type Row = readonly string[];

/** Writes what was found into docs/proof.md; the rows of alerts that were not tried this time stay, with their date. */
export function writeOutcomes(outcomes: readonly AlertOutcome[], { withPages, timeScale }: WriteOptions): void {
  const alerts = merged('Alerts:', outcomes.map(alertRow));
  writeProof('alerts', {
    summary:
      `${proven(alerts)} of ${PROOFS.length} alerts went from inactive through pending to firing by a real fault on running parts, ` +
      `were delivered by a real Alertmanager, and resolved after the mitigation. Time passed ${timeScale} times as fast for rules and routes. ` +
      'Inhibition was off here; `test/alerts/routing.test.ts` proves it. Of the four windows of a burn rate the fastest was followed.',
    table: {
      columns: [
        'alert',
        'fault',
        'pending',
        'firing',
        'told',
        'receiver',
        'resolved after the mitigation',
        'when',
        'proven',
      ],
      rows: alerts,
    },
    problems: problemsOf(alerts),
  });
  if (!withPages) return;
  const pages = merged('Runbooks:', outcomes.map(pageRow));
  writeProof('runbooks', {
    summary: `The commands of ${proven(pages)} of ${PROOFS.length} pages showed under their fault what the page says, and its Verify passed after the mitigation.`,
    table: {
      columns: ['page', 'fault', 'Diagnosis', 'Mitigation', 'Verify', 'alert ended', 'when', 'proven'],
      rows: pages,
    },
    problems: problemsOf(pages),
  });
}

const seconds = (ms?: number): string => (ms === undefined ? '' : `${(ms / 1_000).toFixed(1)} s`);
const verdict = (problems: readonly string[]): string =>
  problems.length === 0 ? PROVEN : `no: ${problems.join('; ')}`;
const today = (): string => `${new Date().toISOString().slice(0, 10)} ${describeRun('').commit}`;

const alertRow = (outcome: AlertOutcome): Row => [
  outcome.name,
  outcome.scenario.title,
  seconds(outcome.pendingMs),
  seconds(outcome.firingMs),
  seconds(outcome.deliveredMs),
  outcome.receiver ?? '',
  seconds(outcome.resolvedMs),
  today(),
  verdict(outcome.problems.filter((problem) => !isOfPage(problem))),
];

function pageRow(outcome: AlertOutcome): Row {
  const told = (section: string): string => {
    const mine = outcome.commands.filter((command) => command.section === section);
    return mine.length === 0 ? '' : `${mine.filter(({ problem }) => problem === undefined).length} of ${mine.length}`;
  };
  const { name, scenario, resolvedMs, problems } = outcome;
  const sections = ['Diagnosis', 'Mitigation', 'Verify'].map(told);
  return [name, scenario.title, ...sections, seconds(resolvedMs), today(), verdict(problems)];
}

/** Whether an alert is proven though its page is not right. */
const isOfPage = (problem: string): boolean => /^(Diagnosis|Mitigation|Verify) /.test(problem);

/** The new rows, and the old ones of what was not tried; in the order of the faults. */
function merged(title: string, rows: readonly Row[]): Row[] {
  const old = oldRows(title);
  return PROOFS.map(
    ({ name }) =>
      rows.find(([first]) => first === name) ?? old.find(([first]) => first === name) ?? notTried(name, rows[0]),
  );
}

const notTried = (name: string, like: Row = []): Row => [name, ...like.slice(1, -1).map(() => ''), 'no: not tried'];

function oldRows(title: string): Row[] {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const section = text.split(/^(?=## )/m).find((each) => each.startsWith(`## ${title}`)) ?? '';
  const lines = section.split('\n').filter((line) => /^\| [A-Z]\w+ +\|/.test(line));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

const proven = (rows: readonly Row[]): number => rows.filter((row) => row.at(-1) === PROVEN).length;

const problemsOf = (rows: readonly Row[]): string[] =>
  rows.filter((row) => row.at(-1) !== PROVEN).map((row) => `${row[0]}: ${row.at(-1)}`);
